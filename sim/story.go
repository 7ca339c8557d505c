package sim

import (
	"strconv"
	"time"

	"modcti/engine"
)

// Story is a kind of call that Traffic makes and Tell scripts.
type Story uint8

const (
	Answered     Story = iota // from outside to an extension; the caller hangs up, or the extension does
	Busy                      // the extension is busy
	Rejected                  // it rings and refuses
	Unanswered                // it rings until the switch gives up
	Canceled                  // the caller gives up while it rings
	EarlyMedia                // it sends 183 with media before it answers
	BothAtOnce                // both hang up in the same moment
	HeldOnce                  // the extension holds the caller and comes back
	HungUpHeld                // the caller hangs up while held
	Vanished                  // the extension's leg is gone without a word
	Outbound                  // an extension calls outside
	Internal                  // an extension calls another
	ClickToDial               // the switch calls an extension, parks it, and sends it outside
	Transferred               // an operator sends the caller to a third phone
	Referred                  // the caller's phone refers its partner to a third phone
	ThreeWay                  // a conference of three
	Monitored                 // a supervisor listens
	Intercepted               // a supervisor takes the call over
	Consulted                 // both are parked, the extension talks to a third, who is then joined with the caller
	ParkedThenUp              // the caller waits in the switch and is joined with an extension
	Abandoned                 // the caller waits in the switch and gives up
	Looped                    // the extension is reached through a loopback pair
	Failed                    // the switch calls out and gets nowhere
	storyCount
)

var storyNames = [storyCount]string{
	"answered", "busy", "rejected", "unanswered", "canceled", "early media", "both at once", "held once",
	"hung up held", "vanished", "outbound", "internal", "click to dial", "transferred", "referred", "three way",
	"monitored", "intercepted", "consulted", "parked then up", "abandoned", "looped", "failed",
}

func (s Story) String() string {
	if s < storyCount {
		return storyNames[s]
	}
	return "no story"
}

// Stories returns every story.
func Stories() []Story {
	all := make([]Story, storyCount)
	for i := range all {
		all[i] = Story(i)
	}
	return all
}

// needsThird tells whether a story takes two extensions.
func needsThird(story Story) bool {
	switch story {
	case Internal, Transferred, Referred, ThreeWay, Monitored, Intercepted, Consulted:
		return true
	}
	return false
}

// Cast is who takes part in a story. Third is a supervisor, a consulted colleague or the target of a transfer.
type Cast struct {
	Outside, Agent, Third string
	Name                  string // the outside caller's name
}

// Tempo is how long people take.
type Tempo struct {
	Ring, Talk time.Duration // means; drawn between half and one and a half of them
}

// Tell scripts a story, drawing its times, and who hangs up, from the seed.
func (s *Switch) Tell(story Story, cast Cast, tempo Tempo) Script {
	t := teller{Switch: s, tempo: tempo, cast: cast}
	inbound := Script{From: cast.Outside, To: cast.Agent, Name: cast.Name}
	switch story {
	case Outbound:
		inbound.From, inbound.To, inbound.Name = cast.Agent, cast.Outside, ""
	case Internal:
		inbound.From, inbound.To, inbound.Name = cast.Agent, cast.Third, ""
	case ParkedThenUp, Abandoned:
		inbound.To = "park"
	case Looped:
		inbound.Loopback = true
	case ClickToDial:
		inbound = Script{Begin: FromSwitch, From: cast.Agent, Run: "park", Number: cast.Outside}
	case Failed:
		inbound = Script{Begin: FromSwitch, From: cast.Outside, Run: "park"}
	}
	inbound.Acts = t.acts(story)
	return inbound
}

type teller struct {
	*Switch
	tempo Tempo
	cast  Cast
}

// about draws a time between half and one and a half of mean.
func (t *teller) about(mean time.Duration) time.Duration {
	return mean/2 + time.Duration(t.random.Float64()*float64(mean))
}

// up is the beginning of a call that is answered: leg rings and picks up.
func (t *teller) up(leg int, more ...Act) []Act {
	return append([]Act{
		{After: 3 * time.Millisecond, Do: Ring, Leg: leg},
		{After: t.about(t.tempo.Ring), Do: Answer, Leg: leg},
	}, more...)
}

// talk is a time of talking, at the end of which an act comes.
func (t *teller) talk(then Act) Act {
	then.After = t.about(t.tempo.Talk)
	return then
}

// ends lets either of two legs hang up.
func (t *teller) ends(a, b int) Act {
	if t.random.Uint64()&1 == 0 {
		a = b
	}
	return t.talk(Act{Do: Hangup, Leg: a})
}

// holder is who holds: the phone itself, or an operator for it.
func (t *teller) holder() string {
	if t.random.Uint64()&1 == 0 {
		return "phone"
	}
	return ""
}

func (t *teller) acts(story Story) []Act {
	pause := 400 * time.Millisecond
	switch story {
	case Answered, Outbound, Internal:
		return t.up(1, t.ends(0, 1))
	case Busy:
		return []Act{{After: time.Millisecond, Do: Refuse, Leg: 1, Cause: engine.CauseUserBusy}}
	case Rejected:
		return []Act{
			{After: 3 * time.Millisecond, Do: Ring, Leg: 1}, {After: t.about(t.tempo.Ring), Do: Refuse, Leg: 1},
		}
	case Unanswered:
		return []Act{{After: 3 * time.Millisecond, Do: Ring, Leg: 1}}
	case Canceled:
		return []Act{{After: 3 * time.Millisecond, Do: Ring, Leg: 1}, {After: t.about(t.tempo.Ring), Do: Hangup}}
	case EarlyMedia:
		return []Act{
			{After: 3 * time.Millisecond, Do: SendMedia, Leg: 1}, {After: t.about(t.tempo.Ring), Do: Answer, Leg: 1},
			t.ends(0, 1),
		}
	case BothAtOnce:
		first := int(t.random.Uint64() & 1)
		return t.up(1, t.talk(Act{Do: Hangup, Leg: first}), Act{Do: Hangup, Leg: 1 - first})
	case HeldOnce:
		by := t.holder()
		return t.up(1, t.talk(Act{Do: Hold, Leg: 1, Run: by}),
			Act{After: t.about(2 * pause), Do: Unhold, Leg: 1, Run: by}, t.ends(0, 1))
	case HungUpHeld:
		return t.up(1, t.talk(Act{Do: Hold, Leg: 1, Run: t.holder()}), Act{After: t.about(2 * pause), Do: Hangup})
	case Vanished:
		return t.up(1, t.talk(Act{Do: Vanish, Leg: 1}), Act{After: t.about(pause), Do: Hangup})
	case Abandoned:
		return []Act{{After: t.about(t.tempo.Ring), Do: Hangup}}
	case Looped:
		return t.looped()
	case Failed:
		return []Act{{After: 3 * time.Millisecond, Do: Refuse, Cause: engine.CauseTemporaryFailure}}
	}
	return t.withThird(story, pause)
}

// looped: legs 1 and 2 are the pair, leg 3 the phone behind it.
func (t *teller) looped() []Act { return t.up(3, t.ends(0, 3)) }

// withThird scripts the stories in which a third phone takes part: leg 2.
func (t *teller) withThird(story Story, pause time.Duration) []Act {
	third := t.cast.Third
	switch story {
	case ClickToDial:
		return append(t.up(0, Act{After: t.about(pause), Do: Send, To: t.cast.Outside}), t.up(1, t.ends(0, 1))...)
	case Transferred:
		return append(t.up(1, t.talk(Act{Do: Send, To: third})), t.up(2, t.ends(0, 2))...)
	case Referred:
		return append(t.up(1, t.talk(Act{Do: Refer, To: third})), t.up(2, t.ends(1, 2))...)
	case ThreeWay:
		room := strconv.FormatInt(700_000+t.random.Int64N(100_000), 10)
		acts := t.up(1, t.talk(Act{Do: SendBoth, To: "conf" + room}),
			Act{After: t.about(pause), Do: CallIn, To: third, Run: "conference " + room})
		return append(acts, t.up(2, t.talk(Act{Do: Hangup, Leg: 1}), t.talk(Act{Do: KillAll}))...)
	case Monitored:
		acts := t.up(1, t.talk(Act{Do: CallIn, Leg: 1, To: third, Run: "eavesdrop"}))
		return append(acts, t.up(2, t.talk(Act{Do: Hangup, Leg: int(t.random.Uint64()&1) + 1}), t.ends(0, 1))...)
	case Intercepted:
		acts := t.up(1, t.talk(Act{Do: CallIn, Leg: 0, To: third, Run: "intercept"}))
		return append(acts, t.up(2, t.ends(0, 2))...)
	case Consulted:
		acts := t.up(1, t.talk(Act{Do: SendBoth, To: "park"}),
			Act{After: t.about(pause), Do: CallIn, To: third, Run: "park"})
		return append(acts, t.up(2, Act{After: pause / 8, Do: BridgeWith, Leg: 1, Other: 2},
			t.talk(Act{Do: BridgeWith, Leg: 0, Other: 2}), t.ends(0, 2))...)
	case ParkedThenUp:
		acts := []Act{
			{After: t.about(pause), Do: Answer}, {After: t.about(pause), Do: CallIn, To: t.cast.Agent, Run: "park"},
		}
		return append(acts, t.up(1, Act{After: pause / 8, Do: BridgeWith, Leg: 0, Other: 1}, t.ends(0, 1))...)
	}
	return nil
}
