package engine

import "strconv"

// Clauses lists the clauses of call-model.md that the party table names, each once, in order of appearance.
func Clauses() (list []string) {
	seen := map[string]bool{}
	for _, r := range partyRows {
		if !seen[r.clause] {
			seen[r.clause] = true
			list = append(list, r.clause)
		}
	}
	return list
}

// StatesMarkdown is docs/states.md: the party table with every cell, made from the table itself.
func StatesMarkdown() string {
	text := "# States of a party\n\n" +
		"Generated from `engine/table.go`; `go test ./engine -run TestStatesPage -update` writes it anew.\n" +
		"A cell names the state that follows, what is told, and the clause of the call model. `.` is a stimulus that\n" +
		"cannot meet that state; the engine counts it (`empty cells` in `cti status`) and goes on.\n\n| on \\ in |"
	for _, name := range stateNames {
		text += " " + name + " |"
	}
	text += "\n|---|"
	for range stateNames {
		text += "---|"
	}
	text += "\n"
	for on := range stimulusCount {
		text += "| " + on.String() + " |"
		for s := range stateCount {
			text += " " + cellText(s, on) + " |"
		}
		text += "\n"
	}
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
