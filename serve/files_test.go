package serve

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"
)

// TestFiles: callbacks write files below the folder that is allowed, also by absolute names, and no others.
func TestFiles(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	s := start(t, func(o *Options) { o.FilesBelow = dir })
	packed(t, s)
	c, _ := connect(t, s.proxied, pgx.QueryExecModeSimpleProtocol)
	fit := func(model, logs string) string {
		return fmt.Sprintf(`SELECT madlib.madlib_keras_fit('p', '%s', 'a', 1, $$loss='categorical_crossentropy', optimizer='adam'$$,
			$$callbacks=[TensorBoard(log_dir="%s")]$$, 1)`, model, logs)
	}
	run(t, c, fit("absolute", filepath.Join(dir, "logs", "fit")))
	run(t, c, fit("relative", "more/fit"))
	for _, folder := range []string{"logs/fit", "more/fit"} {
		if found, _ := filepath.Glob(filepath.Join(dir, folder, "train", "events.out.tfevents.*")); len(found) != 1 {
			t.Errorf("%s has %q", folder, found)
		}
	}
	_, err := c.Exec(t.Context(), fit("outside", filepath.Join(outside, "fit")))
	wantError(t, err, "P0001", "lies outside of the folder for files")
	_, err = c.Exec(t.Context(), fit("outside", "../fit"))
	wantError(t, err, "P0001", "path escapes")
	if found, _ := filepath.Glob(filepath.Join(outside, "*")); len(found) > 0 {
		t.Errorf("written: %q", found)
	}
}
