package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// features is the length of the rows' array.
const features = 16

// writeInputs writes the files that the templates are made from.
func writeInputs(dir string) error {
	for name, text := range map[string]string{
		"rows.csv":   rowsCSV(4000),
		"few.csv":    rowsCSV(50),
		"small.json": modelJSON(8),
		"large.json": modelJSON(64),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// rowsCSV is a file of n rows of three classes.
func rowsCSV(n int) string {
	random := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	b.WriteString("id,x,label\n")
	for i := range n {
		label := random.IntN(3)
		fmt.Fprintf(&b, "%d,\"{", i)
		for j := range features {
			if j > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, "%.3f", random.NormFloat64()+float64(label*(j%2)))
		}
		fmt.Fprintf(&b, "}\",%c\n", 'a'+label)
	}
	return b.String()
}

func modelJSON(units int) string {
	return fmt.Sprintf(`{"class_name": "Sequential", "keras_version": "2.2.4", "config": [
 {"class_name": "Dense", "config": {"name": "hidden", "units": %d, "activation": "relu", "batch_input_shape": [null, %d]}},
 {"class_name": "Dense", "config": {"name": "out", "units": 3, "activation": "softmax"}}]}`, units, features)
}
