package events

import "slices"

// One call runs through the examples: agent 1001 calls the customer 13988886666, consults 1002 and hands over.
const (
	exampleCall     = "4dce61ec399644029fab7e8251da9bf1"
	exampleAgent    = "4dce61ec399644029fab7e8251da9bf1"
	exampleCustomer = "9c1d3b57a0e84f2e8d6c5b4a39281706"
	exampleSecond   = "e07a4f1c62d94b3f9a8be5d1c7f20364"
	exampleWaiting  = "7b21c0de94d84c6f8f2a1f0e5d6c7b8a"
	exampleUUID     = "8e0ec51fdf3b57a4bc1c09ff585655a1"
	exampleDN       = "13988886666"
)

func exampleHeader(after int64) Header {
	return Header{
		Seq: 8589934592 + uint64(after/100), CreationTime: Moment(1637128300000+after) * 1000,
		CompanyID: "30f80aa47cde4b10bd89484aeab63691",
	}
}

func examplePart(party, role, this, other string) CallPart {
	return CallPart{
		CallID: exampleCall, PartyID: party, CallType: Outbound, PartyRole: role, ThisDN: this, OtherDN: other,
		ANI: "01088886666", DNIS: exampleDN, AttachedData: Data{{"campaignID", `"123"`}, {"contactSN", `"456"`}},
	}
}

// examples gives one message of every type with the values that it has in a real call.
func examples() []Message {
	return slices.Concat(callExamples(), consultExamples(), queueExamples(), agentExamples(), protocolExamples())
}

func callExamples() []Message {
	agent := examplePart(exampleAgent, Agent, "1001", exampleDN)
	customer := examplePart(exampleCustomer, Customer, exampleDN, "1001")
	return []Message{
		&CallCreated{
			Header: exampleHeader(0), CallID: exampleCall, ThisDN: "1001", CallType: Outbound, ANI: agent.ANI, DNIS: agent.DNIS,
			AttachedData: agent.AttachedData, PartyID: exampleAgent, PartyRole: Agent, OtherDN: exampleDN,
		},
		&Dialing{
			Header: exampleHeader(100), CallPart: agent, ThisDNRole: Origination, OtherDNRole: Destination,
			MakeCallType: Regular,
		},
		&Ringing{Header: exampleHeader(1200), CallPart: customer, ThisDNRole: Destination, OtherDNRole: Origination},
		&OtherRinging{Header: exampleHeader(1300), CallPart: agent},
		&Established{Header: exampleHeader(9000), CallPart: agent, MakeCallType: Regular},
		&AttachedDataChanged{Header: exampleHeader(9600), CallPart: agent, ChangedKeys: []string{"contactSN"}},
		&Held{Header: exampleHeader(12000), CallPart: agent},
		&Retrieved{Header: exampleHeader(15000), CallPart: agent, CallState: StateOK},
		&Muted{Header: exampleHeader(16000), CallPart: agent},
		&Unmuted{Header: exampleHeader(17000), CallPart: agent},
		&DtmfSent{Header: exampleHeader(18000), CallPart: agent, DtmfDigits: "1234#"},
		&RecordingChanged{
			Header: exampleHeader(19000), CallPart: agent, RecordState: RecordStarted,
			RecordUUID: "3519d6deb17e49f794df05c9044cee18", RecordURL: "/var/lib/cti/rec/3519d6deb17e49f794df05c9044cee18.wav",
		},
		&Released{
			Header: exampleHeader(69000), CallPart: customer, BillSec: 60, AnswerSec: 8, StartUepoch: 1637128300900_000,
			ProgressUepoch: 1637128301200_000, AnswerUepoch: 1637128309000_000, BridgeUepoch: 1637128309010_000,
			EndUepoch: 1637128369000_000, HangupCause: "NORMAL_CLEARING", EarlyDetectCause: DetectAnswered,
			HangupDisposition: "recv_bye", HangupSide: SideCustomer,
		},
		&CallDeleted{
			Header: exampleHeader(69100), CallID: exampleCall, ThisDN: "1001", OtherDN: exampleDN, CallType: Outbound,
			StartUepoch: 1637128300000_000, BridgeUepoch: 1637128309010_000, EndUepoch: 1637128369000_000, ANI: agent.ANI,
			DNIS: agent.DNIS, AttachedData: agent.AttachedData, PartyID: exampleAgent, PartyRole: Agent,
		},
		&CallInfo{
			Header: exampleHeader(20000), CallID: exampleCall, ThisDN: "1001", CallType: Outbound, ANI: agent.ANI,
			DNIS: agent.DNIS, AttachedData: agent.AttachedData, PartyID: exampleAgent, PartyRole: Agent, OtherDN: exampleDN,
			Parties: []PartyInfo{exampleParty()},
		},
	}
}

func consultExamples() []Message {
	second := examplePart(exampleSecond, Agent, "1002", exampleDN)
	second.ConsultStage = StageTransferred
	first := examplePart(exampleAgent, Agent, "1001", "1002")
	first.ConsultStage = StageConference
	left := examplePart(exampleSecond, Agent, "1002", "1001")
	left.ConsultStage = StageLeft
	return []Message{
		&PartyChanged{
			Header: exampleHeader(40000), CallPart: second,
			ThirdPart: ThirdPart{ThirdDN: "1001", ThirdDNRole: TransferBy, CallState: StateOK},
		},
		&PartyAdded{
			Header: exampleHeader(40000), CallPart: first, OtherDNRole: NewParty,
			ThirdPart: ThirdPart{ThirdDN: "1001", ThirdDNRole: AddedBy, CallState: StateConference},
		},
		&PartyDeleted{
			Header: exampleHeader(50000), CallPart: left, OtherDNRole: DeletedParty, SelfLeft: true,
			ThirdPart: ThirdPart{ThirdDN: "1001", ThirdDNRole: DeletedBy, CallState: StateOK},
		},
	}
}

// queueExamples: another customer waits for 1001 in two queues.
func queueExamples() []Message {
	part := CallPart{
		CallID: exampleWaiting, PartyID: exampleWaiting, CallType: Inbound, PartyRole: VirtualAgent, ThisDN: "8001",
		OtherDN: "13977775555", ANI: "13977775555", DNIS: "4008001234",
	}
	return []Message{
		&Queued{
			Header: exampleHeader(70000), CallPart: part, ThisQueue: "8001", ThisQueues: []string{"8001", "8002"}, Position: 3,
			Waiting: 3, EnteredTime: 1637128370000, CallState: StateOK,
		},
		&Diverted{
			Header: exampleHeader(90000), CallPart: part, ThisQueue: "8001", ThirdDN: "1001", ThirdDNRole: Destination,
			CallState: StateOK, WaitedMillis: 20000,
		},
		&Abandoned{
			Header: exampleHeader(85000), CallPart: part, ThisQueue: "8001", CallState: StateAbandoned, WaitedMillis: 15000,
		},
	}
}

func exampleStatus() AgentStatus {
	return AgentStatus{
		AgentID: "1001", AgentUUID: exampleUUID, Name: "Ada", ThisDN: "1001", ThisQueues: []string{"8001", "8002"},
		PhoneType: PhoneSIP, AgentState: AgentStateReady, Reserved: &ReservedState{AgentStateNotReady, ReasonRest},
		Occupancy: OccupancyTalking, Status: StatusBusy, Since: 1637128200000, Calls: []PartyInfo{exampleParty()},
	}
}

func exampleParty() PartyInfo {
	return PartyInfo{
		ThisDN: "1001", DNRole: Origination, CreateTime: 1637128300000, CallID: exampleCall, PartyID: exampleAgent,
		PartyRole: Agent, State: PartyTalk, OtherDN: exampleDN, Since: 1637128309000,
	}
}

func agentExamples() []Message {
	part := AgentPart{AgentID: "1001", AgentUUID: exampleUUID, ThisDN: "1001", ThisQueues: []string{"8001", "8002"}}
	wrapUp := part
	wrapUp.AttachedData = Data{{KeyLoginState, `"1"`}, {"callID", mustJSON(exampleCall)}}
	asked := exampleHeader(100000)
	asked.ReferenceID = 1001
	return []Message{
		&AgentLogin{Header: asked, AgentPart: part, PhoneType: PhoneSIP, AgentState: 2, ReasonCode: 2},
		&AgentReady{Header: exampleHeader(129000), AgentPart: part, ReasonCode: ReasonAfterCallWork},
		&AgentNotReady{Header: exampleHeader(69000), AgentPart: wrapUp, ReasonCode: ReasonAfterCallWork},
		&AgentLogout{Header: asked, AgentPart: part},
		&DelayAfterCallWork{
			Header: asked, AgentPart: part, CallID: exampleCall, PartyIDLiteral: exampleAgent, PartyID: exampleAgent,
			ExpirationTime: 1637128460000,
		},
		&PartyError{
			Header: asked, ThisDN: "1001", ErrorCode: int64(InvalidParams), ErrorMessage: InvalidParams.Name(),
			Request: "RequestMakeCall", Detail: "otherDN is missing: name the number to call",
		},
		&AgentError{
			Header: asked, AgentPart: part, ErrorCode: int64(NotFoundAgentID), ErrorMessage: NotFoundAgentID.Name(),
			Request: "RequestAgentLogin", Detail: "no agent has this agentID: create the agent first",
		},
	}
}

func protocolExamples() []Message {
	asked := exampleHeader(200)
	asked.ReferenceID = 1
	agent := exampleStatus()
	snapshot := CallSnapshot{
		CallID: exampleCall, CallType: Outbound, ANI: "01088886666", DNIS: exampleDN, Parties: []PartyInfo{exampleParty()},
	}
	return []Message{
		&Opened{
			Header: asked, Server: "mod_cti", Version: "1.0.0", Rights: []string{"observe", "control"}, Profile: "basic",
			EpochUnit:       "ms",
			HeartbeatMillis: 30000,
			Limits:          Limits{MessageBytes: 65536, Depth: 16, RequestsPerSecond: 20, QueueBytes: 4194304},
		},
		&Registered{
			Header: asked, ThisDN: "1001", Agent: &agent,
			Parties: []PartyInfo{exampleParty()},
		},
		&AgentInfo{Header: asked, AgentStatus: agent},
		&QueueInfo{Header: asked, QueueStatus: QueueStatus{
			ThisQueue: "8001", Name: "Sales", Strategy: "longest-idle-agent", Waiting: 1, LongestWaitMillis: 20000,
			Agents: QueueAgents{Busy: 4, Rest: 1, Offline: 2},
			Callers: []QueueCaller{
				{CallID: exampleWaiting, OtherDN: "13977775555", Position: 1, EnteredTime: 1637128370000, Priority: 1},
			},
		}},
		&Unregistered{Header: asked, ThisDN: "1001", Reason: "requested"},
		&Subscribed{Header: asked, Scope: "call", IDs: []string{exampleCall}, Snapshot: []CallSnapshot{snapshot}},
		&Unsubscribed{Header: asked, Scope: "call", IDs: []string{exampleCall}},
		&Heartbeat{Header: exampleHeader(30000), LastSeq: 8589934682},
		&Gap{Header: exampleHeader(31000), From: 8589934683, To: 8589934699},
	}
}
