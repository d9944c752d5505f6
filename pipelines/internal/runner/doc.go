// Package runner submits Beam pipelines: to the direct runner and prism in this process, to a Beam job service (Flink's), and to
// Dataflow. It is also the other end: Work makes a process a worker of any of them.
//
// # Runners
//
// Open makes a Runner of its name and of options, and finds everything that can be found wrong before a pipeline is built: a
// runner or an option that is not known, one that the runner does not take, a value that is none, a job service that does not
// answer (ErrUnavailable) or that is another service. What a runner can and cannot do is a value, its Traits. The runners are one
// table, and so are the options, which have Beam's usual names.
//
// # Jobs
//
// A Job is a pipeline that was submitted. Wait tells how it ended, a failure as a *JobError with the whole text that the runner
// has for it. Cancel ends it, and with it the work of its workers as far as the runner can: see Flink below. Run is all of it for
// the common case: submit, wait, and cancel when the context ends.
//
// # Workers
//
// The environment says where DoFns run, by Beam's names:
//
//   - LOOPBACK: in this process;
//   - PROCESS: in a process that the runner starts, with the command of environment_config, which is this binary where nothing else
//     is said. The runner starts it with --id and --provision_endpoint, and Work goes on from there. Nothing is staged;
//   - EXTERNAL: in the processes of a worker pool that runs already, at the address environment_config;
//   - DOCKER: in a container of the image environment_config. The image may be Beam's own: this binary is staged for it.
//
// A worker ends with its control stream, that is, when prism, the TaskManager or the container that it works for ends, also by
// kill -9: a driver or a TaskManager leaves no orphans. Before it has that stream, a worker of PROCESS looks whether its parent still runs.
//
// # Flink
//
// Flink's own way to cancel is its REST interface: a job that is cancelled through the job service, or whose driver or job service
// was killed, goes on there. Cancel therefore also asks Flink where the option flink_rest is given. That the driver was killed is none
// of this package's business: DoFns find out (bundle.Lease) and fail, and Flink gives the job up.
package runner
