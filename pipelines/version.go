package pipelines

// Version is beamfit's version; model summaries record it in their column madlib_version.
const Version = "0.1.0"
