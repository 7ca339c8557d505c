package conformance

// play is one script and what a basic client hears of it, in order.
type play struct {
	script string
	names  map[string]string // a letter of the page -> the number that it stands for
	steps  []step
}

// step is one event of the page, or another one that a ruling or clause puts there.
type step struct {
	scenario string
	event    int

	other, ruling string
}

func of(scenario string, list ...int) (steps []step) {
	for _, event := range list {
		steps = append(steps, step{scenario: scenario, event: event})
	}
	return steps
}

func also(ruling, other string) []step { return []step{{other: other, ruling: ruling}} }

func all(parts ...[]step) (steps []step) {
	for _, p := range parts {
		steps = append(steps, p...)
	}
	return steps
}

const (
	customer = "18688886666"
	buyer    = "13988886666"
	caller   = "13912345678"
	line     = "18618256606"
)

// On the page A is the customer and B the agent, but for the scenarios of the simple call, where it is the other way.
var (
	plain   = map[string]string{"A": "1001", "B": buyer}
	agents  = map[string]string{"A": customer, "B": "1001", "C": "1002"}
	held    = map[string]string{"A": line, "B": "1001"}
	watched = map[string]string{"A": customer, "B": "1001", "C": "1003"}
	barged  = map[string]string{"A": caller, "B": "1001", "C": "1003"}
	asked   = map[string]string{"A": "1001", "B": line, "C": "1003"}
)

var plays = []play{
	{"make_call", plain, all(also("3.0-1", "EventCallCreated 1001"), of("Make Phone Calls", 0, 1, 2))},
	{"answer", plain, of("Answer Calls", 1, 0)}, // the customer first (3.1)
	{"hang_up", plain, all(of("Hang up Calls", 0, 1), also("3.0-1", "EventCallDeleted 1001"))},
	{"attached_data", map[string]string{"C": "1003"}, all( // every party of the call is told (R60)
		also("R60", "EventAttachedDataChanged 01088886666"), of("Increase Attached Data", 0))},
	{"single_step_transfer", agents, of( // B is released before C rings (R32)
		"Single Step Transfer", 0, 1, 2)},
	{"hold", held, of("Hold Calls", 0, 1)},
	{"mute", held, of("Mute and Unmute", 0, 1)},
	{"consult", agents, of("Initiate Inquiries", 0, 1, 2, 3, 4)},
	{"consult_cancelled", agents, of("Inquiry Cancellation", 0, 1)},
	{"consult_retrieved", agents, of("Retrieve After Inquiry", 0, 1)},
	{"consult_transferred", agents, of("Transfer After Inquiry", 0, 1)},
	{"conference_left", agents, all(of("Meeting After Inquiry", 0, 1), also("R35", "EventReleased 1001"),
		of("Meeting After Inquiry", 2))},
	{"conference_removed", agents, all(of("Meeting After Inquiry", 0, 1), also("3.9", "EventReleased 1002"),
		of("Meeting After Inquiry", 3))},
	{"dtmf", agents, of("Send dtmf", 0)},
	{"intercept", watched, of("Take away Calls", 0, 2, 3)},
	{"intercept_fails", watched, of("Take away Calls", 0, 1)},
	{"barge_in", barged, all(of("Interrupt Calls", 0, 2, 3), also("R36", "EventReleased 1001"), of("Interrupt Calls", 4))},
	{"barge_in_fails", watched, all(also("R49", "EventRinging 1003"), of("Interrupt Calls", 1))}, // the samples are of two calls
	{"monitor", watched, of("Monitor Calls", 0, 1)},
	{"created_and_deleted", asked, all(of("Create and Destroy", 0), also("3.1", "EventDialing 1001"),
		also("3.1", "EventRinging "+line), also("R30", "EventOtherRinging 1001"), also("3.1", "EventEstablished "+line),
		also("3.1", "EventEstablished 1001"), of("Create and Destroy", 2), also("3.0-2", "EventReleased "+line),
		also("3.0-2", "EventReleased 1001"), of("Create and Destroy", 1))},
	{"refused", nil, of("EventPartyError", 0)},
}

// deviation is a value that is not the page's, by ruling; an empty one is any value of the page's type.
type deviation struct {
	scenario   string
	event      int
	key, value string
	ruling     string
}

func deviationOf(at step, _ sample, key string) (deviation, bool) {
	for _, d := range deviations {
		if d.scenario == at.scenario && d.event == at.event && d.key == key {
			return d, true
		}
	}
	return deviation{}, false
}

var deviations = []deviation{
	{"Make Phone Calls", 1, "referenceID", "0", "R23: only the event that answers the request has its reference"},
	{"Make Phone Calls", 2, "referenceID", "0", "R23"},
	{"Answer Calls", 0, "referenceID", "0", "R24: nobody asked the caller to be established"},
	{"Hang up Calls", 0, "hangupDisposition", `"send_bye"`, "R20: the switch ended the leg, because the client asked"},
	{"Hang up Calls", 0, "earlyDetectCause", "200", "R22: answered"},
	{"Hang up Calls", 0, "recordedEarlymedia", "false", "R58: no early media was recorded here"},
	{"Hang up Calls", 1, "hangupDisposition", `"send_bye"`, "R20: the switch ended the customer's leg"},
	{"Hang up Calls", 1, "earlyDetectCause", "200", "R22: answered"},
	{"Hang up Calls", 1, "wrapUpDuration", "0", "R19: only an agent has one"},
	{"Hang up Calls", 1, "attachedData", "", "R60: one map for the call, not one a party"},
	{"Create and Destroy", 1, "attachedData", `{"orderID":"123","customerID":"123","policyID":"567"}`,
		"R50: the call was begun, so there is no reason why it was not"},
	{"Create and Destroy", 1, "recordUrl", "", "R51: a path of ours"},
	{"EventPartyError", 0, "request", `"RequestHoldCall"`, "R47: the sample pairs the code with another request"},
	{"EventPartyError", 0, "callID", "", "R49: the id that was asked for"},
}
