package plantest

import "fmt"

// activationModels have every smooth activation that is not in another model, fused and apart. The others have kinks, where
// differences say nothing; tests/keras has them.
func activationModels() []Model {
	var models []Model
	for _, name := range []string{
		"elu", "exponential", "gelu", "log_sigmoid", "log_softmax", "mish", "selu", "silu", "softplus", "softsign", "squareplus",
		"tanh_shrink",
	} {
		act := fmt.Sprintf(`"activation":%q`, name)
		models = append(models, Model{"activation " + name, Sequential(4, `Dense {"units":6,`+act+`}`,
			`Dense {"units":5,"activation":"tanh"}`, `Activation {`+act+`}`, `Dense {"units":3,"activation":"softmax"}`), []string{cce}})
	}
	return append(models, Model{"activation glu", Sequential(4, `Dense {"units":8,"activation":"glu"}`, `Dense {"units":6,"activation":"tanh"}`,
		`Activation {"activation":"glu"}`, `Dense {"units":3,"activation":"softmax"}`), []string{cce}})
}
