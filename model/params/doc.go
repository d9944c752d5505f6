// Package params reads compile_params and fit_params: the keyword arguments of Keras' compile and fit as one text,
//
//	loss='categorical_crossentropy', optimizer=Adam(learning_rate=0.01), metrics=['accuracy']
//	batch_size=32, epochs=3
//
// # Grammar
//
// A text is name=value pairs with commas between them; a comma at the end is allowed, and so are white space and comments (# to the end
// of a line) anywhere. The first two of compile_params may stand without their names, optimizer and loss.
// Values are Python literals (None, True, False, integers, floats, quoted texts, lists, tuples, dicts), names, and
// calls, Name(key=value, ...), whose first arguments may stand without a name. Where a name or call stands for a Keras object it may be quoted:
// optimizer='adam', optimizer=adam, optimizer="Adam(learning_rate=0.01)" and optimizer=Adam(learning_rate=0.01) are
// all read. Nothing is executed.
//
// The text may be the whole call as it stands in Python, model.compile(...) or history = model.fit(...); its arguments are read then. Numbers may be computed
// with + - * / ** and brackets: 1e-3/2 is the float that Python computes. Whole numbers have 64 bits, on the way too; a text has at most MaxOperators operators.
//
// # What is checked here
//
// Keys, types and ranges. Which losses, metrics and optimizers exist, and their arguments, is for the packages that
// have them, and so is whether an argument may stand without its name. What the text may not say is refused: unknown or
// repeated keys, modules that are none of Keras. Modules of Keras before a name say nothing (keras.optimizers.Adam is Adam).
//
// # Errors
//
// Every error is an *Error with the byte offset of the place; its text shows the line with a caret under it. No input
// makes the parsers panic: a text has at most MaxBytes and nests at most MaxDepth brackets.
package params
