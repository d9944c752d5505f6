package serve

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// TestGPUConfiguration: the list of GPUs is a table of the client, and says to preprocessing on which hosts shards get buffers.
func TestGPUConfiguration(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "nvidia-smi"), []byte("#!/bin/sh\necho 'GPU 0: NVIDIA H200 (UUID: GPU-1)'\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", folder+string(os.PathListSeparator)+os.Getenv("PATH"))
	s := start(t, nil)
	iris(t, s.direct)
	c, _ := connect(t, s.proxied, pgx.QueryExecModeSimpleProtocol)
	var help string
	if err := c.QueryRow(t.Context(), "SELECT madlib.gpu_configuration()").Scan(&help); err != nil || !strings.Contains(help, "output_table text") {
		t.Errorf("help: %v %s", err, help)
	}
	run(t, c, "BEGIN")
	run(t, c, "SELECT madlib.gpu_configuration('host_gpus', 'NVIDIA')")
	run(t, c, "SELECT madlib.gpu_configuration('usage')") // a table of that name, as in MADlib
	if got := ask(t, c, "SELECT string_agg(gpu_descr, '|') FROM (SELECT * FROM host_gpus UNION ALL SELECT * FROM usage) AS t"); got != "GPU 0: NVIDIA H200 (UUID: GPU-1)|GPU 0: NVIDIA H200 (UUID: GPU-1)" {
		t.Errorf("GPUs %s", got)
	}
	run(t, c, "SET LOCAL beamfit.shards = 3")
	run(t, c, "SELECT madlib.training_preprocessor_dl('iris_train', 'on_gpus', 'class_text', 'attributes', NULL, NULL, NULL, 'GPU_segments')")
	run(t, c, "CREATE TABLE \"SegmentsToUse\" AS SELECT 2 + 2 * i AS dbid, hostname FROM host_gpus, generate_series(0, 1) AS i")
	run(t, c, "SELECT madlib.training_preprocessor_dl('iris_train', 'on_some', 'class_text', 'attributes', distribution_rules => '\"SegmentsToUse\"')")
	run(t, c, "RESET beamfit.shards") // there are as many segments as the table says
	run(t, c, "CREATE TABLE two AS SELECT generate_series(2, 3) AS dbid")
	run(t, c, "SELECT madlib.training_preprocessor_dl('iris_train', 'on_two', 'class_text', 'attributes', distribution_rules => 'two')")
	for table, want := range map[string]string{"on_gpus": "{2,3,4} {0,1,2}", "on_some": "{2,4} {0,2}", "on_two": "{2,3} {0,1}"} {
		if got := ask(t, c, "SELECT distribution_rules::text || ' ' || __internal_gpu_config__::text FROM "+table+"_summary"); got != want {
			t.Errorf("%s: %s, want %s", table, got, want)
		}
	}
	if got := ask(t, c, "SELECT string_agg(DISTINCT __dist_key__::text, ',') FROM on_some"); got != "0,2" {
		t.Errorf("shards %s", got)
	}
	run(t, c, "ROLLBACK")
}
