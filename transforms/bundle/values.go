package bundle

import "strings"

// Put keeps a value in the memory of the process that began the run, in the place of what was kept under its key before: what a
// pipeline has found, for whoever began the run, and what the next pipeline begins with. Package collect is who uses it; a
// pipeline whose workers are other processes keeps its values in a store.
func (r *Run) Put(key string, value any) {
	r.values.Store(key, value)
	if r.kept != nil {
		r.kept(key, value)
	}
}

// Get is the value that was put under a key.
func (r *Run) Get(key string) (value any, ok bool) { return r.values.Load(key) }

// Take is Get, and forgets the value.
func (r *Run) Take(key string) (value any, ok bool) { return r.values.LoadAndDelete(key) }

// Drop forgets the values whose keys begin with a prefix.
func (r *Run) Drop(prefix string) {
	r.values.Range(func(key, _ any) bool {
		if strings.HasPrefix(key.(string), prefix) {
			r.values.Delete(key)
		}
		return true
	})
}
