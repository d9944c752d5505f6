package plantest

import "strings"

func mergeModels() []Model {
	same := [3]string{"[3,4]", "[3,4]", "[3,4]"}
	spread := [3]string{"[12]", "[12,1]", "[1,12]"}
	var models []Model
	for _, class := range []string{"Add", "Multiply", "Average", "Maximum", "Minimum"} {
		models = append(models,
			Model{class, merged(class+" {}", same, true), []string{cce}},
			Model{class + " broadcast", merged(class+" {}", spread, false), []string{cce}})
	}
	residual := functional(`["a",0,0]`, `["out",0,0]`, inputLayer("a", 4),
		node("h", `Dense {"units":5,"activation":"tanh"}`, "a"), node("k", `Dense {"units":5}`, "h"),
		node("s", "Subtract {}", "h", "k"), node("t", "Add {}", "s", "s"),
		node("out", `Dense {"units":3,"activation":"softmax"}`, "t"))
	operated := functional(`["a",0,0]`, `["out",0,0]`, inputLayer("a", 4), node("h", `Dense {"units":6,"activation":"tanh"}`, "a"),
		node("r", `Reshape {"target_shape":[2,3]}`, "h"),
		strings.Replace(node("s", `TFOpLambda {"function":"math.subtract"}`, "r"), `[["r",0,0,{}]]`, `["r",0,0,{"y":[1,2,3]}]`, 1),
		node("f", "Flatten {}", "s"), node("out", `Dense {"units":3,"activation":"softmax"}`, "f"))
	models = append(models, Model{"constant", operated, []string{cce}})
	return append(models,
		Model{"residual", residual, []string{cce}},
		Model{"concatenate last", merged(`Concatenate {}`, [3]string{"[3,4]", "[3,4]", "[3,4]"}, true), []string{cce}},
		Model{"concatenate first", merged(`Concatenate {"axis":1}`, [3]string{"[3,4]", "[3,4]", "[3,4]"}, false), []string{cce}},
		Model{"concatenate middle", merged(`Concatenate {"axis":-2}`, [3]string{"[1,6,2]", "[1,6,2]", "[1,6,2]"}, false), []string{cce}})
}
