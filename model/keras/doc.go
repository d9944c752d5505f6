// Package keras reads the JSON that Keras writes for a model (model.to_json) into a checked Spec.
//
// Every layer has a Precision: that of its policy, or float32. Floats that are computed as others are said in a notice of the Spec. SetPrecision writes
// another policy into the JSON.
//
// All generations are read: Keras 2.0 to 2.2.2 (a Sequential's config is a list of layers), Keras 2.2.3 and later and tf.keras 2.x
// (config.layers; an InputLayer and the layer after it both state the input shape), and Keras 3 (batch_shape, module
// and registered_name, inbound_nodes with args and kwargs, dtype as a policy). Models are Sequential or functional
// (class_name "Model" or "Functional"), with any number of inputs and outputs; a layer may be applied several times. A model
// may be a layer of another one: its layers and their calls become those of the whole, called by both names ("encoder/dense").
//
// # Vocabulary
//
// A layer is a Keras layer object; it owns weights, which are named arrays. A call applies a layer to a tensor, the
// value between layers. Shapes leave out the batch dimension B; images are H W C. P is the number of weights. A layer with
// data_format channels_first is a ChannelsFirst around one that is not.
//
// # Masks
//
// A Masking layer, or an Embedding with mask_zero, says which steps of a sequence count. Parse follows masks as Keras does:
// the calls that make and join them are among the calls of the Spec, and a call that may use masks names those of its
// inputs. Where Keras 3 writes the making of a mask among the layers of a functional model (NotEqual, Any, LogicalOr) and
// the mask among the arguments of a call, these are read too.
//
// # Operations
//
// Functional models call functions of Keras or TensorFlow as they call layers. An Operation is such a function; its calls become calls of
// layers that the JSON does not have (Slice, Reduce, Constant, Function and those of Keras). The tables are in operations.go.
//
// # Text
//
// StringLookup, Hashing and TextVectorization make indices of text. Rows hold numbers, so that a model takes the indices: Spec.Lookups says of each
// input how text becomes these, and the layer's Config what becomes of them. Nothing else may take such an input.
//
// # Open shapes
//
// A model may leave dimensions of its inputs open. Parse refuses it with an *OpenError. Build closes them, as Keras' method of that name: it writes
// shapes that somebody knows into the JSON. ParseOpen checks a model whose shapes nobody knows yet.
//
// # Guarantees
//
// A Spec that Parse returns is complete and consistent: every layer, activation, initializer, regularizer and constraint is known, every shape
// fits the next layer, every array has its place in the flat weight vector, in the order of Keras' get_weights.
// Whatever is not known is refused by name: a layer, an activation, an initializer, a regularizer, a constraint,
// a dtype that is neither of floats nor, where it may be, of whole numbers or text, and every argument that would change the result and is not read here.
// Nothing of the JSON is ever executed.
//
// # Limits
//
// Foreign bytes cannot take memory beyond their own size: the text has at most MaxJSONBytes and nests at most
// MaxDepth levels, a model has at most MaxWeights weights, MaxCalls calls and tensors of at most MaxRowElements elements
// per row. All sizes are computed with overflow checks and no array is allocated. Parse does not panic on any input.
//
// # Adding a layer
//
// A layer is one type in the file of its family: its arguments (a Config), parse, outputShape and weights, and one row
// in the table layerClasses, which also says what becomes of a mask; one that takes several inputs also has joinShape, one whose calls
// have arguments bind. Layers for sequences share the type of those for images, and work on them as images of width 1. An
// initializer, regularizer, constraint or activation is one row of its table.
package keras
