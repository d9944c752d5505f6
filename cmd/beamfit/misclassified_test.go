package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/io/exchange"
	"github.com/beamfit/beamfit/io/table"
)

func TestMisclassified(t *testing.T) {
	store, err := table.Open(t.Context(), "file:"+t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	for name, rows := range map[string]string{
		"truth":    "id,class_text\n1,a\n2,b\n3,c\n",
		"ranked":   "id,class_value,rank\n3,b,1\n1,a,1\n1,b,2\n2,a,2\n2,b,1\n3,c,2\n",
		"response": "id,class_value\n1,b\n2,b\n3,a\n",
		"partial":  "id,class_value\n1,b\n2,b\n",
	} {
		path := filepath.Join(t.TempDir(), name+".csv")
		if err := os.WriteFile(path, []byte(rows), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := exchange.Import(t.Context(), store, path, table.Name{Table: name}, exchange.ImportOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	for predicted, want := range map[string]int{"ranked": 1, "response": 2} {
		wrong, all, err := misclassified(t.Context(), store, predicted, "truth")
		if err != nil || wrong != want || all != 3 {
			t.Errorf("%s: %d of %d, %v; want %d of 3", predicted, wrong, all, err, want)
		}
	}
	_, _, err = misclassified(t.Context(), store, "partial", "truth")
	if err == nil || !strings.Contains(err.Error(), "no prediction for 1 of the 3 rows of truth") {
		t.Errorf("got %v", err)
	}
}
