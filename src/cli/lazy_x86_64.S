/* Each function that lazy.c loads: through its place in the table, with that in %r11. */
#include <cet.h>

	.text

	.set	lazy_at, 0
#define LAZY_LIBRARY(number, name)
#define LAZY_CALL(number, name) \
	.globl name; .hidden name; .type name, @function; \
name:	_CET_ENDBR; leaq lazy_slots + lazy_at(%rip), %r11; jmp *(%r11); \
	.size name, . - name; .set lazy_at, lazy_at + 8
#include "lazy_calls.h"

/* Where places lead at first. What a call may bring in registers is kept for the function. */
	.globl	lazy_first
	.hidden	lazy_first
	.type	lazy_first, @function
lazy_first:
	.cfi_startproc
	_CET_ENDBR
	pushq	%rbp
	.cfi_def_cfa_offset 16
	.cfi_offset %rbp, -16
	movq	%rsp, %rbp
	.cfi_def_cfa_register %rbp
	pushq	%rax
	pushq	%rdi
	pushq	%rsi
	pushq	%rdx
	pushq	%rcx
	pushq	%r8
	pushq	%r9
	pushq	%r11
	subq	$128, %rsp
	movaps	%xmm0, (%rsp)
	movaps	%xmm1, 16(%rsp)
	movaps	%xmm2, 32(%rsp)
	movaps	%xmm3, 48(%rsp)
	movaps	%xmm4, 64(%rsp)
	movaps	%xmm5, 80(%rsp)
	movaps	%xmm6, 96(%rsp)
	movaps	%xmm7, 112(%rsp)
	movq	%r11, %rdi
	call	lazy_bind
	movaps	(%rsp), %xmm0
	movaps	16(%rsp), %xmm1
	movaps	32(%rsp), %xmm2
	movaps	48(%rsp), %xmm3
	movaps	64(%rsp), %xmm4
	movaps	80(%rsp), %xmm5
	movaps	96(%rsp), %xmm6
	movaps	112(%rsp), %xmm7
	addq	$128, %rsp
	popq	%r11
	popq	%r9
	popq	%r8
	popq	%rcx
	popq	%rdx
	popq	%rsi
	popq	%rdi
	popq	%rax
	popq	%rbp
	.cfi_def_cfa %rsp, 8
	jmp	*(%r11)
	.cfi_endproc
	.size	lazy_first, . - lazy_first

	.section .note.GNU-stack, "", @progbits
