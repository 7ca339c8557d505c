package engine

import "modcti/events"

// makeCall begins a call for an agent: his own phone is called first (3.1, R31).
func (e *Engine) makeCall(r *Request) {
	route, ok := e.dialFor(r.CompanyID, r.ThisDN)
	switch {
	case !ok:
		e.refuse(r, events.InvalidParams, "thisDN: the dial plan has no rule for this number")
		return
	case e.draining:
		e.refuse(r, events.CallUnknown, "the system is being emptied: no call is made any more")
		return
	case r.OtherDN == r.ThisDN:
		e.refuse(r, events.TargetPartyIsSelf, "otherDN is thisDN: name another")
		return
	case e.busy(r.CompanyID, r.ThisDN) != nil:
		e.refuse(r, events.InvalidCallType, "thisDN is on a call; end or hold it first")
		return
	case e.full():
		e.refuse(r, events.CallUnknown, "as many channels are up as are served")
		return
	}
	queue := e.queueFor(r.CompanyID, r.OtherDN)
	to, ok := e.destinationOf(r.CompanyID, r.OtherDN)
	if !ok && queue == nil {
		e.refuse(r, events.InvalidParams, "otherDN: the dial plan has no rule for this number")
		return
	}
	data, _, err := events.Data(nil).Merge(r.AttachedData)
	if err != nil {
		e.refuse(r, events.InvalidParams, "attachedData: "+err.Error())
		return
	}
	shown := r.CallerNumber
	if shown == "" {
		shown = to.route.CallerID
	}
	p := e.expect(e.agentFor(r.CompanyID, r.ThisDN), r.ThisDN, e.config.Inside(r.ThisDN), nil)
	c := e.newCall(p)
	c.company = r.CompanyID
	e.nameCall(c, p)
	c.bornAt, c.offsetMicros, c.created, c.data = p.bornAt, p.offsetMicros, p.times.created, data
	c.callType, c.thisDN, c.otherDN, c.makeCallType = internal, r.ThisDN, r.OtherDN, wordOf(r.MakeCallType)
	if !to.inside && queue == nil {
		c.callType, c.ani, c.dnis = outbound, shown, r.OtherDN
	}
	if c.makeCallType == noWord {
		c.makeCallType = regular
	}
	e.link(c)
	e.include(c, p)
	p.role, p.otherDN = roleOf(c, p), r.OtherDN
	c.setBeginner(p)
	o := e.operate(r, c, p, nil, to)
	o.kind, o.stage = makeCall, reaching
	e.ask(p, r, "EventDialing", 0)
	e.announce(c)
	o.command = e.callUp(p, route, r.OtherDN, "", o.ring)
}
