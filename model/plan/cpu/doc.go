// Package cpu runs plans on the CPU with package kernels. It is always built.
//
// Bind turns every instruction into a closure over slices of one allocation that is aligned to 64 bytes; a step calls them
// in order on the calling goroutine and allocates nothing.
//
// Instructions that go through the same arrays from the first element to the last (sweep.go), and the convolutions between them, are joined
// to one call in which they take turns on parts that stay in the cache (join.go). Which ones depends on the places of their operands only,
// and joining changes no bit.
//
// Products of dense layers and instructions of the optimizer divide their columns and weights among the cores of Step.Crew, where
// some are idle. What a kernel computes for a column does not depend on the others, so results do not depend on the number of
// cores.
//
// # Failure
//
// Bind refuses an opcode that is in no table, attributes of another type than its row has, a loss, rule or clip of an unknown kind, and memory of another
// device. A step cannot fail.
//
// # Adding an opcode
//
// An opcode is one function in the file of its family and one row in the table of table.go, which has the type of its attributes too. One that goes
// through its arrays element by element, or row by row, is best written as a sweep, which others can join. A form of a loss, a rule of an optimizer and a way to clip are rows of tables of their own there.
package cpu
