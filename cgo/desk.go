package main

import (
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"modcti/engine"
	"modcti/events"
)

// deskClient is by whom the command line asks the engine; no door has a client of that number.
const deskClient engine.ClientID = math.MaxUint64

// desk is where requests of the command line wait for their answers.
type desk struct {
	mu      sync.Mutex
	last    int64
	waiting map[int64]chan events.Message
}

func (d *desk) begin() (reference int64, answer chan events.Message) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.waiting == nil {
		d.waiting = map[int64]chan events.Message{}
	}
	d.last++
	answer = make(chan events.Message, 1)
	d.waiting[d.last] = answer
	return d.last, answer
}

func (d *desk) end(reference int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.waiting, reference)
}

// answered hands an answer over to who waits for it.
func (d *desk) answered(m events.Message) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if answer := d.waiting[m.Common().ReferenceID]; answer != nil {
		select {
		case answer <- m:
		default: // the first answer counts
		}
	}
}

// request puts a request to the engine and waits for its answer; a refusal is an error.
func (s *service) request(r *engine.Request) (events.Message, error) {
	reference, answer := s.desk.begin()
	defer s.desk.end(reference)
	r.Client, r.ReferenceID, r.CompanyID = deskClient, reference, s.store.CompanyID()
	if err := s.loop.Post(engine.Input{Kind: engine.ClientRequest, Request: r}); err != nil {
		return nil, fmt.Errorf("the engine does not answer: %w", err)
	}
	timer := time.NewTimer(queryTimeout)
	defer timer.Stop()
	select {
	case m := <-answer:
		return m, refusalOf(m)
	case <-timer.C:
		return nil, errors.New("the engine does not answer: it is busy")
	}
}

func refusalOf(m events.Message) error {
	switch m := m.(type) {
	case *events.AgentError:
		return fmt.Errorf("%s: %s", m.ErrorMessage, m.Detail)
	case *events.PartyError:
		return fmt.Errorf("%s: %s", m.ErrorMessage, m.Detail)
	}
	return nil
}

// publish hands events to the doors, and to the command line what it asked for.
func (s *service) publish(outs []engine.Outgoing) {
	for i := range outs {
		if outs[i].Asker == deskClient {
			outs = s.sortOut(outs)
			break
		}
	}
	s.doors.Publish(outs)
}

// sortOut takes answers to the command line out. An event that also answers goes to all others as one that does not.
func (s *service) sortOut(outs []engine.Outgoing) []engine.Outgoing {
	kept := make([]engine.Outgoing, 0, len(outs))
	for _, out := range outs {
		if out.Asker == deskClient {
			s.desk.answered(out.Message)
			if out.To == deskClient {
				continue
			}
			out.Asker, out.Request, out.Message.Common().ReferenceID = 0, "", 0
		}
		kept = append(kept, out)
	}
	return kept
}
