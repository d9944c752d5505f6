// Package fitting trains: a fit is a value that passes through pipelines.
//
//	recipe, shards, schedule, first weights --Begin--> course
//	course --> pipeline (load, train, average, score) --> course --> ... --Train--> the last course
//	                                                        '--> checkpoint, where the schedule says so
//
// A Fit is what was asked for and found before training: the recipe of the model, its data, the Schedule. It trains what it is
// given; package pipelines checks arguments and tables, and writes the model. A Course is how far the fit is: what one pipeline
// leaves and the next begins with, and what a checkpoint holds (the table MODEL_checkpoint). The Schedule alone knows which iterations
// a pipeline has, which are scored, which is the last, and when a checkpoint is due. A Listener hears of progress; nothing depends on it.
//
// The way of a fit, from function to function:
//
//	pipelines.fitFrom              the whole fit, and its output
//	pipelines.fit.prepare          checks, tables, model, schedule: makes the Fit
//	Fit.Begin                      the first course, or that of the checkpoint
//	Fit.Train                      pipeline after pipeline, callbacks and checkpoints between them
//	Fit.RunPipeline                one pipeline, from a course to the next
//	Fit.build, stages.begin        loads the tables, takes up weights and states
//	stages.stage                   a round or a turn of it
//	trainshard.Train, or WarmUp    the DoFn; on a worker Stage.train trains a shard
//	trainer.Model.Train            the steps on the rows of the shard
//	average.Mean, or JoinMean      one vector of those of the shards; JoinMean within the next round's training
//	outer.Next                     what an outer rule with momentum makes of it
//	stages.end                     leaves in the box what the next pipeline begins with
//	Course.Model                   the weights that the model gets
//	pipelines.fit.write            the rows of the model and its summary
//
// Guarantees: the same recipe, shards, seed and first weights give the same weights, bit for bit, on every runner, however the
// iterations are divided into pipelines, and also where the fit went on from a checkpoint. A pipeline that is begun again, or a shard that
// finds no optimizer state where there must be one, is an error; nothing trains on with fresh states.
//
// Failure: a checkpoint that this fit cannot go on from is an *OtherFitError where that of another fit is in the way, and left alone. An
// error of a pipeline ends the job. A checkpoint appears whole, in the place of the last one, or not at all.
package fitting
