package ladder

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/engine"
	"modcti/events"
)

// TestAnotherCompanySeesNothing asks for anything on behalf of another company's client, at every moment of every
// script: whatever there is of the company's, the answer is the one that a system with nothing in it gives, and nothing
// else happens (protocol.md 6 and 7).
func TestAnotherCompanySeesNothing(t *testing.T) {
	const asks = 12
	plan := ofCompany(usualDialPlan)
	empty := NewRun(&Scene{DialPlan: plan})
	eachScript(t, func(t *testing.T, _, text string) {
		s := parsed(t, text)
		if s.Scene.DialPlan = ofCompany(s.Scene.DialPlan); s.Scene.DialPlan == nil {
			s.Scene.DialPlan = plan
		}
		r, rng := NewRun(&s.Scene), rand.New(rand.NewPCG(1, uint64(len(text))))
		r.Quiet = true
		for _, in := range s.Inputs() {
			r.Step(in)
			for range asks {
				request := strangerRequest(r, rng)
				got, did := answerOf(r.Engine, in, request)
				require.Empty(t, did, "%+v", request)
				want, _ := answerOf(empty.Engine, in, request)
				require.Equal(t, want, got, "%+v", request)
			}
		}
	})
}

// ofCompany is a dial plan that no other company has.
func ofCompany(rules []DialRule) (list []DialRule) {
	for _, rule := range rules {
		if rule.Company == "" {
			rule.Company = Company
		}
		list = append(list, rule)
	}
	return list
}

// strangerRequest asks for something that is there now, as far as there is anything.
func strangerRequest(r *Run, rng *rand.Rand) engine.Request {
	callID, dns := "nothing", anyNumbers
	if calls := r.Engine.Calls(); len(calls) > 0 {
		c := calls[rng.IntN(len(calls))]
		callID, dns = c.CallID, append([]string{c.ThisDN, c.OtherDN}, dns...)
		for _, p := range c.Parties {
			dns = append(dns, p.ThisDN)
		}
	}
	dn := func() string { return dns[rng.IntN(len(dns))] }
	request := *anyRequest(byte(rng.Uint32()), byte(rng.Uint32()), byte(rng.Uint32()), 7, callID)
	request.Client, request.CompanyID = 99, "stranger"
	request.ThisDN, request.OtherDN, request.ThirdDN, request.IDs = dn(), dn(), dn(), []string{dn(), callID}
	if agents := r.Engine.Agents(); len(agents) > 0 && rng.IntN(2) == 0 {
		request.AgentUUID = agents[rng.IntN(len(agents))].AgentUUID
	}
	if queues := r.Engine.Queues(); len(queues) > 0 && rng.IntN(2) == 0 {
		request.ThisQueue = queues[rng.IntN(len(queues))].ThisQueue
	}
	return request
}

// answerOf is what a client is told, without its number, and what else comes of its request.
func answerOf(e *engine.Engine, at engine.Input, request engine.Request) (answer string, did []any) {
	var out engine.Output
	e.Step(&engine.Input{
		Kind: engine.ClientRequest, MonoNanos: at.MonoNanos, WallMicros: at.WallMicros, Request: &request,
	}, &out)
	for _, c := range out.Commands {
		did = append(did, c)
	}
	for _, record := range out.Records {
		did = append(did, record)
	}
	for _, o := range out.Events {
		if o.To != request.Client || answer != "" {
			did = append(did, o.Message.Name())
			continue
		}
		o.Message.Common().Seq = 0
		answer = o.Message.Name() + string(o.Message.AppendJSON(nil, events.Full))
	}
	return answer, did
}
