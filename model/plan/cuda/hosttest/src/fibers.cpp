// fibers.cpp is the switch between stacks.
asm(R"(
.text
.globl cudahostSwitch
.type cudahostSwitch,@function
cudahostSwitch:
	pushq %rbp
	pushq %rbx
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	movq %rsp, (%rdi)
	movq %rsi, %rsp
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbx
	popq %rbp
	ret
.size cudahostSwitch,.-cudahostSwitch
.section .note.GNU-stack,"",@progbits
)");
