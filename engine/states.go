package engine

import (
	"strconv"

	"modcti/events"
)

// OperationSteps lists what the operation table has an answer to: which operation, its stage, and what happens.
func OperationSteps() (list []string) {
	for kind := range operationKindCount {
		for in := range stageCount {
			for on := range happeningCount {
				if operationTable[kind][in][on] != nil {
					list = append(list, stepName(kind, in, on))
				}
			}
		}
	}
	return list
}

func stepName(kind operationKind, in stage, on happening) string {
	return kind.String() + ", " + in.String() + ": " + on.String()
}

// Clauses lists the clauses of call-model.md that the tables name, each once, in order of appearance.
func Clauses() (list []string) {
	seen := map[string]bool{}
	note := func(clause string) {
		if !seen[clause] {
			seen[clause] = true
			list = append(list, clause)
		}
	}
	for i := range partyRows {
		note(partyRows[i].clause)
	}
	for i := range operationRows {
		note(operationRows[i].clause)
	}
	for i := range agentRows {
		note(agentRows[i].clause)
	}
	return list
}

// StatesMarkdown is docs/states.md: the party table with every cell and the table of operations, made from themselves.
func StatesMarkdown() string {
	return partyMarkdown() + operationMarkdown() + agentMarkdown() + statusMarkdown()
}

// grid is a table with a column for each name and a row for each name.
func grid(corner string, columns, rows []string, cell func(row, column int) string) string {
	text, line := "| "+corner+" |", "|---|"
	for _, name := range columns {
		text += " " + name + " |"
		line += "---|"
	}
	text += "\n" + line + "\n"
	for row, name := range rows {
		text += "| " + name + " |"
		for column := range columns {
			text += " " + cell(row, column) + " |"
		}
		text += "\n"
	}
	return text
}

// agentMarkdown is the table of an agent's intent (3.15, R41).
func agentMarkdown() string {
	return "\n# States of an agent\n\n" +
		"Generated from `engine/agent.go`. What an agent means to do; what he does on the phone beside it is his occupancy.\n" +
		"A request during a call changes only where he lands when it is over, or when the after-call work is that follows it.\n\n" +
		grid("on \\ in", agentStateNames[:], agentStimulusNames[:], func(on, in int) string {
			r := agentTable[in][on]
			switch {
			case r == nil:
				return "."
			case r.to == AgentState(in):
				return "stays; " + r.doing.String() + " (" + r.clause + ")"
			}
			return r.to.String() + "; " + r.doing.String() + " (" + r.clause + ")"
		})
}

// statusMarkdown is what the two axes come to together (R41).
func statusMarkdown() string {
	occupancies := []string{
		events.OccupancyIdle, events.OccupancyReserved, events.OccupancyRinging, events.OccupancyTalking, events.OccupancyHeld,
		events.OccupancyAfterCallWork,
	}
	return "\n## Status, out of intent and occupancy\n\nWho is not ready for a rest, or for one of the company's own reasons, has " +
		"the status `" + events.StatusRest + "`.\n\n" +
		grid("occupancy \\ intent", agentStateNames[:], occupancies, func(row, column int) string {
			s, occupancy, reason := AgentState(column), occupancies[row], events.ReasonNone
			switch {
			case s == AfterCallWork && occupancy == events.OccupancyIdle,
				s != AfterCallWork && occupancy == events.OccupancyAfterCallWork:
				return "."
			case s == AfterCallWork:
				reason = events.ReasonAfterCallWork
			}
			return events.StatusOf(s.intent(), reason, occupancy)
		})
}

func operationMarkdown() string {
	text := "\n# Operations\n\n" +
		"Generated from `engine/optable.go`. An operation is something done to a call that takes more than one act of the\n" +
		"switch: *by* is the agent, *with* whom he talks to, *target* whom the engine calls for it; for a supervisor's act\n" +
		"*target* is the supervisor's own phone. What is not in a table means nothing at that stage.\n"
	for kind := range operationKindCount {
		text += "\n## " + kind.String() + "\n\n| stage | when | next | doing |\n|---|---|---|---|\n"
		for s := range stageCount {
			for h := range happeningCount {
				if r := operationTable[kind][s][h]; r != nil {
					text += "| " + s.String() + " | " + h.String() + " | " + r.to.String() + " | " + r.doing +
						" (" + r.clause + ") |\n"
				}
			}
		}
	}
	return text
}

func partyMarkdown() string {
	text := "# States of a party\n\n" +
		"Generated from `engine/table.go`; `go test ./engine -run TestStatesPage -update` writes it anew.\n" +
		"A cell names the state that follows, what is told, and the clause of the call model. `.` is a stimulus that\n" +
		"cannot meet that state; the engine counts it (`empty cells` in `cti status`) and goes on.\n\n" +
		grid("on \\ in", stateNames[:], stimulusNames[:], func(on, in int) string {
			return cellText(State(in), stimulus(on))
		})
	return text + "\n" + strconv.Itoa(len(partyRows)) + " rows.\n"
}

func cellText(s State, on stimulus) string {
	r := partyTable[s][on]
	if r == nil {
		return "."
	}
	to := r.to
	if r.stay {
		to = s
	}
	text := to.String()
	if to == s {
		text = "stays"
	}
	if r.doing != doNothing {
		text += "; " + r.doing.String()
	}
	return text + " (" + r.clause + ")"
}
