package main

// The stores register the schemes of their URLs.
import (
	_ "github.com/beamfit/beamfit/io/fileio" // file:
	_ "github.com/beamfit/beamfit/io/pgio"   // postgres: and postgresql:
)
