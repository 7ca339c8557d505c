package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"regexp"

	"modcti/engine"
	"modcti/engine/cdr"
	"modcti/events"
	"modcti/sim/trace"
)

// replayCompany is the company of every replayed call: the output depends on nothing but the recording.
const replayCompany = "ctisim"

// insidePattern is the default of the setting inside-pattern.
var insidePattern = regexp.MustCompile(`^\d{3,6}$`)

// replay plays each recording into an engine of its own and prints what comes of it.
func replay(files []string, profile string, out io.Writer) error {
	scenarios, err := trace.Pair(files)
	if err != nil {
		return usageError{err}
	}
	buffered := bufio.NewWriter(out)
	for _, s := range scenarios {
		inputs, err := s.Read()
		if err != nil {
			return errors.Join(buffered.Flush(), unreadable(err))
		}
		p := player{out: json.NewEncoder(buffered), raw: buffered, profile: events.Basic}
		p.out.SetEscapeHTML(false)
		if profile == "full" {
			p.profile = events.Full
		}
		if len(scenarios) > 1 {
			if err := p.out.Encode(map[string]string{"scenario": s.Name}); err != nil {
				return err
			}
		}
		if err := p.play(inputs); err != nil {
			return err
		}
	}
	return buffered.Flush()
}

// unreadable tells a file that is no recording from one that the machine cannot read.
func unreadable(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return usageError{err}
}

type player struct {
	out     *json.Encoder
	raw     *bufio.Writer
	profile events.Profile
	line    []byte
	fold    cdr.Fold
	step    engine.Output
}

func (p *player) play(inputs []engine.Input) error {
	e := engine.New(engine.Config{
		CompanyID: replayCompany, Inside: insidePattern.MatchString,
		MonoNanos: inputs[0].MonoNanos, WallMicros: inputs[0].WallMicros,
	}, nil)
	for i := range inputs {
		in := &inputs[i]
		if due := p.step.NextDeadline; due != 0 && due <= in.MonoNanos {
			wall := in.WallMicros - (in.MonoNanos-due)/1000
			if err := p.take(e, &engine.Input{Kind: engine.TimerDue, MonoNanos: due, WallMicros: wall}); err != nil {
				return err
			}
		}
		if err := p.take(e, in); err != nil {
			return err
		}
	}
	for _, c := range p.fold.CDRs() {
		if err := p.out.Encode(map[string]any{"cdr": callOf(c)}); err != nil {
			return err
		}
	}
	return nil
}

// take steps the engine and prints the events that a client of the profile sees.
func (p *player) take(e *engine.Engine, in *engine.Input) error {
	e.Step(in, &p.step)
	p.fold.Add(p.step.Records)
	for _, told := range p.step.Events {
		if p.profile == events.Basic && !inBasic(&told) {
			continue
		}
		p.line = append(told.Message.AppendJSON(p.line[:0], p.profile), '\n')
		if _, err := p.raw.Write(p.line); err != nil {
			return err
		}
	}
	return nil
}

// inBasic tells whether clients of profile basic see an event (protocol.md 2).
func inBasic(told *engine.Outgoing) bool {
	entry := events.Find(told.Message.Name())
	return !told.FullOnly && (entry == nil || entry.OnPage || entry.Group == events.GroupProtocol)
}
