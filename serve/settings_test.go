package serve

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Settings of a session say when the segments of madlib_keras_fit meet, as the command's options do.
func TestRoundSettings(t *testing.T) {
	s := start(t, nil)
	iris(t, s.direct)
	c, said := connect(t, s.proxied, pgx.QueryExecModeExec)
	run(t, c, "SET beamfit.seed = 7")
	run(t, c, "SET beamfit.shards = 6")
	run(t, c, "SELECT madlib.training_preprocessor_dl('iris_train', 'p', 'class_text', 'attributes')")
	run(t, c, "SELECT madlib.load_keras_model('a', $1::json)", arch(t))
	fit := func(model string) string {
		return fmt.Sprintf("SELECT madlib.madlib_keras_fit('p', '%s', 'a', 1, $$%s$$, 'batch_size=5, epochs=3', 8)", model, compile)
	}
	weights := func(model string) string { return "SELECT encode(sha256(model_weights), 'hex') FROM " + model }

	run(t, c, fit("plain"))
	run(t, c, "SET beamfit.sync = 'auto'")
	run(t, c, fit("auto"))
	if !said.has("sync auto: 6 shards, 8 iterations of up to 15 steps") {
		t.Errorf("notices %q", said.list)
	}
	if got := ask(t, c, "SELECT sync || ' ' || warm_up_passes FROM auto_summary"); got == "auto 0" {
		t.Errorf("the summary says %s", got)
	}
	if ask(t, c, weights("auto")) == ask(t, c, weights("plain")) {
		t.Error("the setting changes nothing")
	}

	run(t, c, "SET beamfit.sync_every = 10")
	_, err := c.Exec(t.Context(), fit("both"))
	wantError(t, err, "22023", "sync auto chooses the passes of the warm-up")
	run(t, c, "RESET beamfit.sync")
	run(t, c, "SET beamfit.outer_rule = 'nesterov'")
	run(t, c, "SET beamfit.outer_momentum = 0.25")
	run(t, c, "SET beamfit.inner_state = 'reset'")
	run(t, c, fit("nesterov"))
	if got := ask(t, c, "SELECT concat_ws(' ', sync, sync_every, outer_rule, outer_momentum, inner_state) FROM nesterov_summary"); got != "10 nesterov 0.25 reset" {
		t.Errorf("the summary says %s", got)
	}
	run(t, c, "RESET beamfit.outer_rule")
	for _, momentum := range []string{"0.25", "0"} {
		run(t, c, "SET beamfit.outer_momentum = "+momentum)
		_, err = c.Exec(t.Context(), fit("plain2"))
		wantError(t, err, "22023", "the outer rule average has neither rate nor momentum")
	}
}

// The weights of rows change the loss, in training and in evaluation.
func TestWeightSetting(t *testing.T) {
	s := start(t, nil)
	iris(t, s.direct)
	c, _ := connect(t, s.proxied, pgx.QueryExecModeExec)
	run(t, c, "CREATE TABLE weighted AS SELECT *, id % 2 AS odd FROM iris_train")
	run(t, c, "SET beamfit.seed = 7")
	run(t, c, "SELECT madlib.load_keras_model('a', $1::json)", arch(t))
	for _, name := range []string{"p", "w"} {
		run(t, c, fmt.Sprintf("SELECT madlib.training_preprocessor_dl('weighted', '%s', 'class_text', 'attributes')", name))
		run(t, c, fmt.Sprintf("SELECT madlib.madlib_keras_fit('%[1]s', 'm_%[1]s', 'a', 1, $$%[2]s$$, 'batch_size=5, epochs=3', 2)", name, compile))
		run(t, c, "SET beamfit.weight = 'odd'")
	}
	loss := "SELECT training_loss_final FROM m_%s_summary"
	if p, w := ask(t, c, fmt.Sprintf(loss, "p")), ask(t, c, fmt.Sprintf(loss, "w")); p == w {
		t.Errorf("with weights and without the loss is %s", p)
	}
	run(t, c, "SELECT madlib.validation_preprocessor_dl('weighted', 'v', 'class_text', 'attributes', 'w')")
	run(t, c, "RESET beamfit.weight")
	run(t, c, "SELECT madlib.validation_preprocessor_dl('weighted', 'v1', 'class_text', 'attributes', 'w')")
	for _, name := range []string{"v", "v1"} {
		run(t, c, fmt.Sprintf("SELECT madlib.madlib_keras_evaluate('m_w', '%[1]s', 'e_%[1]s')", name))
	}
	if v, v1 := ask(t, c, "SELECT loss FROM e_v"), ask(t, c, "SELECT loss FROM e_v1"); v == v1 {
		t.Errorf("with weights and without the loss is %s", v)
	}
}
