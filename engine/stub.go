package engine

// Engine owns all calls. It is not safe for use by two goroutines at once.
type Engine struct{}

// New makes an engine; open are the calls that an earlier run left open.
func New(config Config, open []OpenCall) *Engine { return &Engine{} }

// Step takes one input and fills out with everything that follows from it.
func (e *Engine) Step(in *Input, out *Output) {}

// Stats returns the counters.
func (e *Engine) Stats() Stats { return Stats{} }

// Calls returns every live call, oldest first.
func (e *Engine) Calls() []CallView { return nil }

// Call returns one live call.
func (e *Engine) Call(id string) (CallView, bool) { return CallView{}, false }

// Seq is the number of the last event.
func (e *Engine) Seq() uint64 { return 0 }
