//go:build !amd64

package engine

// Elsewhere the processor is left to itself: steps cost more with many calls, and nothing else differs.

func prefetch(*LegID, int) {}

func prefetchText(string) {}

func prefetchTexts([]string) {}
