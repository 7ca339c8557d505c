package engine

// prefetch asks for so many lines of memory, from at on, and does not wait for them.
//
//go:noescape
func prefetch(at *LegID, lines int)

// prefetchText asks for the beginning of a text.
//
//go:noescape
func prefetchText(text string)

// prefetchTexts asks for the beginning of a list of texts, not for the texts.
//
//go:noescape
func prefetchTexts(texts []string)
