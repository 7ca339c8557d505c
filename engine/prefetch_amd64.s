#include "textflag.h"

// func prefetch(at *LegID, lines int)
TEXT ·prefetch(SB), NOSPLIT, $0-16
	MOVQ at+0(FP), AX
	MOVQ lines+8(FP), CX
next:
	PREFETCHT0 (AX)
	ADDQ $64, AX
	DECQ CX
	JNZ  next
	RET

// func prefetchText(text string)
TEXT ·prefetchText(SB), NOSPLIT, $0-16
	MOVQ text_base+0(FP), AX
	PREFETCHT0 (AX)
	RET

// func prefetchTexts(texts []string)
TEXT ·prefetchTexts(SB), NOSPLIT, $0-24
	MOVQ texts_base+0(FP), AX
	PREFETCHT0 (AX)
	RET
