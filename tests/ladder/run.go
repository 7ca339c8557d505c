package ladder

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"modcti/engine"
	"modcti/engine/cdr"
)

// Run is one engine fed with inputs, and all that it said.
type Run struct {
	Engine *engine.Engine
	Told   []string // what was said, in words; taken out by whoever prints it
	Fold   cdr.Fold

	// Quiet leaves Told empty, for runs that nobody prints.
	Quiet bool

	// Hear is called with each event and answer while it is valid.
	Hear func(o *engine.Outgoing)

	out    engine.Output
	names  map[string]string       // hex of a leg, and a conference -> its name in the script
	callOf map[engine.LegID]string // variable cti_call_id of each leg

	legs     map[engine.LegID]string // a name in the script -> the uuid that the engine made
	rooms    map[string]string       // a name in the script -> the conference that the engine opened
	rounds   int                     // calls on legs that stay up
	commands map[string]uint64       // kind and leg of a command -> its number

	seen     []eventSeen
	lastSeq  uint64
	line     []byte
	answered map[asked]string
	phoneOf  map[string]string // by party: the agent whose phone its last record says it is
	broken   error             // the first promise that a single step broke

	asking    map[asked]asking  // a request -> who asks for what
	companyOf map[string]string // a call -> its company
}

type eventSeen struct {
	name, callID, partyID string
	refused               bool // it is told with the code of a refused call
}

type asking struct {
	company string // the client's
	kind    engine.RequestKind
}

// asked is one request of one client.
type asked struct {
	client engine.ClientID
	ref    int64
}

// NewRun makes an engine in a scene.
func NewRun(s *Scene) *Run {
	r := &Run{
		names: map[string]string{}, callOf: map[engine.LegID]string{}, legs: map[engine.LegID]string{},
		rooms: map[string]string{}, commands: map[string]uint64{}, answered: map[asked]string{}, phoneOf: map[string]string{},
		asking: map[asked]asking{}, companyOf: map[string]string{},
	}
	r.Engine = engine.New(engine.Config{
		CompanyID: Company, Inside: inside, AuditMillis: s.AuditMillis, MonoNanos: StartMono, WallMicros: StartWall,
		Dial: s.dial, RingMillis: s.RingMillis, NotifyObserved: s.NotifyObserved,
		NailedHears: s.NailedHears, TrackMarked: s.TrackMarked, LegsMax: s.LegsMax, RoomsMax: s.RoomsMax, LegSeed: [2]uint64{1, 2},
		RecordPath: func(callID, partyID string, wallMicros int64) string {
			at := strconv.FormatInt((wallMicros-StartWall)/1000, 10)
			return strings.NewReplacer("$call", r.name(callID), "$party", r.name(partyID), "$at", at).Replace(s.Record)
		},
		StepTaken: s.StepTaken,
		Directory: s.directory(), QueueOpen: s.queueOpen,
		Voicemail: func(box string) (string, bool) { return "default", inside(box) },
		QueueRecordPath: func(template, callID, partyID string, _ int64) string {
			return strings.NewReplacer("$call", r.name(callID), "$party", r.name(partyID)).Replace(template)
		},
	}, s.Open)
	return r
}

// Step feeds one input, in which legs and conferences may have the names that the script knows them by.
func (r *Run) Step(in engine.Input) {
	var before []engine.CallView
	if in.Request != nil {
		in.Request = r.request(*in.Request)
		before = r.Engine.Calls()
	}
	r.resolve(&in)
	r.setCallID(&in)
	r.Engine.Step(&in, &r.out)
	for i := range r.out.Commands {
		r.command(&r.out.Commands[i])
	}
	r.Fold.Add(r.out.Records)
	for i := range r.out.Records {
		if text := r.recordText(&r.out.Records[i]); text != "" && !r.Quiet {
			r.Told = append(r.Told, text)
		}
	}
	for i := range r.out.Events {
		o := &r.out.Events[i]
		if !r.Quiet {
			r.Told = append(r.Told, r.render(o))
		}
		r.note(o)
		if r.Hear != nil {
			r.Hear(o)
		}
	}
	if in.Request != nil {
		r.checkRefusal(in.Request, before)
	}
	r.checkCalls()
	r.checkEnds()
	r.checkTimes()
}

// resolve puts the engine's own names in place of the script's.
func (r *Run) resolve(in *engine.Input) {
	if in.Kind == engine.LegRenamed { // its party keeps its name
		r.names[in.Other.Hex()] = in.Text.UUID
		if uuid := r.legs[in.Leg]; uuid != "" {
			in.Leg = engine.LegIDOf(uuid)
		}
	} else if uuid := r.legs[in.Leg]; uuid != "" {
		in.Leg = engine.LegIDOf(uuid)
		in.Text.UUID, in.Text.Hex = uuid, in.Leg.Hex()
	} else if in.Text.UUID != "" {
		r.names[in.Text.Hex] = in.Text.UUID
	}
	if uuid := r.legs[in.Other]; uuid != "" {
		in.Other = engine.LegIDOf(uuid)
	}
	if room := r.rooms[in.Text.Room]; room != "" {
		in.Text.Room = room
	}
	if in.Kind == engine.CommandDone && in.Command == 0 {
		in.Command = r.commands[in.Text.App+" "+r.name(in.Leg.Hex())]
		in.Text.App = ""
	}
}

// request copies a request with the ids of calls in place of their names.
func (r *Run) request(request engine.Request) *engine.Request {
	ids := map[string]string{}
	for id, name := range r.names {
		ids[name] = id
	}
	if id := ids[request.CallID]; id != "" {
		request.CallID = id
	}
	request.IDs = slices.Clone(request.IDs)
	for i, name := range request.IDs {
		if id := ids[name]; id != "" {
			request.IDs[i] = id
		}
	}
	if request.CompanyID == "" {
		request.CompanyID = Company
	}
	if request.ReferenceID != 0 {
		r.asking[asked{request.Client, request.ReferenceID}] = asking{request.CompanyID, request.Kind}
	}
	return &request
}

// setCallID does what the module does: a leg has the call id that it was originated with, else it inherits its
// origin's, else it is given its own id.
func (r *Run) setCallID(in *engine.Input) {
	if in.Kind != engine.LegCreated {
		return
	}
	if in.Text.CTICallID == "" {
		in.Text.CTICallID = r.callOf[in.Leg]
	}
	if in.Text.CTICallID == "" {
		in.Text.CTICallID = r.callOf[in.Other]
	}
	r.callOf[in.Leg] = in.Text.Hex
	if in.Text.CTICallID != "" {
		r.callOf[in.Leg] = in.Text.CTICallID
	}
}

// command notes what is to be done at the switch, and names what it brings into being.
func (r *Run) command(c *engine.Command) {
	switch c.Kind {
	case engine.CommandSetVariable:
		switch c.Name {
		case "cti_call_id":
			r.callOf[c.Leg] = c.Value
		case "cti_party_id": // another call on a leg that stays up
			r.rounds++
			r.names[c.Value] = r.name(c.Leg.Hex()) + "." + strconv.Itoa(r.rounds)
		}
	case engine.CommandOriginate:
		name := "n" + strconv.Itoa(len(r.legs)+1)
		r.legs[engine.LegIDOf(name)] = c.UUID
		r.names[c.Leg.Hex()] = name
		r.callOf[c.Leg] = c.CallID
		if c.Name == engine.Kept {
			r.names[c.CallID] = "nailed-up"
		}
	case engine.CommandJoinRoom:
		if r.names[c.Name] == "" {
			name := "room" + strconv.Itoa(len(r.rooms)+1)
			r.rooms[name], r.names[c.Name] = c.Name, name
		}
	}
	r.commands[commandName(c.Kind)+" "+r.name(c.Leg.Hex())] = c.ID
	if !r.Quiet {
		r.Told = append(r.Told, "command "+r.commandText(c))
	}
}

// Legs are the names of the legs that the engine has originated so far, and their uuids.
func (r *Run) Legs() map[engine.LegID]string { return maps.Clone(r.legs) }

func (r *Run) name(id string) string {
	if n := r.names[id]; n != "" {
		return n
	}
	return id
}
