package engine

import "modcti/events"

// recordStarted: the switch records this leg (protocol.md 4).
func (e *Engine) recordStarted(p *party, path string) {
	if p.call == nil || p.call.forming || path == "" {
		return
	}
	r := e.extrasOf(p)
	r.recording = path
	c := e.extrasOfCall(p.call)
	c.recordURL, c.recordUUID = path, LegIDOf(path).Hex()
	if !p.answered() {
		r.recordedEarly = true
	}
	e.tellRecording(p, events.RecordStarted)
}

// recordStopped: the switch has closed the file, or the leg ends, which comes to the same: the two are told in either order.
func (e *Engine) recordStopped(p *party, path string) {
	if p.call == nil || p.call.forming || p.recording == "" || p.recording != path {
		return
	}
	e.tellRecording(p, events.RecordStopped)
	r := e.extrasOf(p)
	r.recording, r.recordPaused = "", false
}

func (e *Engine) setPaused(p *party, paused bool) {
	e.extrasOf(p).recordPaused = paused
	if paused {
		e.tellRecording(p, events.RecordPaused)
	} else {
		e.tellRecording(p, events.RecordResumed)
	}
}

func (e *Engine) tellRecording(p *party, state string) {
	if p.state == Released {
		return
	}
	m := &events.RecordingChanged{CallPart: callPart(p), RecordState: state}
	m.RecordURL, m.RecordUUID = p.recording, LegIDOf(p.recording).Hex()
	e.tellParty(p, m, true)
}

// record answers the four requests on a recording. A party has at most one.
func (e *Engine) record(r *Request, p *party) {
	off := p.recording == ""
	switch {
	case p.state != Talk && p.state != Held:
		e.refuse(r, events.InvalidCallType, "record a party that talks")
	case r.Kind == RequestStartRecording && !off:
		e.refuse(r, events.InvalidCallType, "the party is recorded already")
	case r.Kind != RequestStartRecording && off:
		e.refuse(r, events.InvalidCallType, "the party is not recorded; begin with RequestStartRecording")
	case r.Kind == RequestPauseRecording && p.recordPaused, r.Kind == RequestResumeRecording && !p.recordPaused:
		e.refuse(r, events.InvalidCallType, "the recording is in that state already")
	case p.waits(r.Kind):
		e.refuse(r, events.InvalidCallType, "the same has been asked for and is under way")
	case r.Kind == RequestStartRecording:
		path := ""
		if e.config.RecordPath != nil {
			path = e.config.RecordPath(p.call.id, p.names.hex, e.in.WallMicros)
		}
		if path == "" {
			e.refuse(r, events.InvalidCallType, "recording is off: set record-template in cti.conf.xml")
			return
		}
		e.ask(p, r, "EventRecordingChanged", e.order(p, Command{Kind: CommandRecordStart, Value: path}))
	default:
		kind := map[RequestKind]CommandKind{
			RequestPauseRecording: CommandRecordPause, RequestResumeRecording: CommandRecordResume,
			RequestStopRecording: CommandRecordStop,
		}[r.Kind]
		e.ask(p, r, "EventRecordingChanged", e.order(p, Command{Kind: kind, Value: p.recording}))
	}
}
