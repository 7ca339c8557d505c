package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"modcti/cmd/internal/ladder"
)

type agentStatus struct {
	AgentID    string   `json:"agentID"`
	AgentUUID  string   `json:"agentUUID"`
	Name       string   `json:"name"`
	ThisDN     string   `json:"thisDN"`
	ThisQueues []string `json:"thisQueues"`
	ReasonCode int64    `json:"reasonCode"`
	Status     string   `json:"status"`
	Occupancy  string   `json:"occupancy"`
	Since      int64    `json:"since"`
}

type queueStatus struct {
	ThisQueue         string `json:"thisQueue"`
	Name              string `json:"name"`
	Strategy          string `json:"strategy"`
	Waiting           int64  `json:"waiting"`
	LongestWaitMillis int64  `json:"longestWaitMillis"`
	Agents            struct {
		Free, Busy, Rest, NotReady, AfterCallWork, Offline int64
	} `json:"agents"`
}

// agents prints who works here and what each does.
func (s *session) agents([]string) error {
	return listed(s, "agents", "agent", (*agentStatus).line)
}

// queues prints each queue, who waits there and what its staff does.
func (s *session) queues([]string) error {
	return listed(s, "queues", "queue", (*queueStatus).line)
}

// listed prints one list of a snapshot of the whole company, an entry a line.
func listed[T any](s *session, key, what string, lineOf func(*T) string) error {
	return s.within(func() error {
		snapshot, _, err := s.snapshot()
		if err != nil {
			return err
		}
		var lists map[string]json.RawMessage
		var list []json.RawMessage
		if err = json.Unmarshal(snapshot, &lists); err == nil && lists[key] != nil {
			err = json.Unmarshal(lists[key], &list)
		}
		if err != nil {
			return fmt.Errorf("the engine's answer is not to be understood: %w", err)
		}
		if !s.o.json {
			if _, err := fmt.Fprintf(s.out, "-- %s\n", count(len(list), what)); err != nil {
				return err
			}
		}
		for _, entry := range list {
			if err := showEntry(s, entry, lineOf); err != nil {
				return err
			}
		}
		return nil
	})
}

func showEntry[T any](s *session, entry []byte, lineOf func(*T) string) error {
	if s.o.json {
		return s.print(entry)
	}
	var value T
	if err := json.Unmarshal(entry, &value); err != nil {
		return fmt.Errorf("the engine's answer is not to be understood: %w", err)
	}
	_, err := fmt.Fprintln(s.out, strings.TrimRight(lineOf(&value), " "))
	return err
}

func (a *agentStatus) line() string {
	id := ladder.Clean(a.AgentID)
	if id == "" {
		id = ladder.Short(a.AgentUUID)
	}
	status := ladder.Clean(a.Status)
	if status == "busy" {
		status += " " + ladder.Clean(a.Occupancy)
	}
	words := []string{
		"     " + ladder.Pad(id, 8), ladder.Pad(ladder.Clean(a.Name), 16), ladder.Pad(ladder.Clean(a.ThisDN), 12),
		ladder.Pad(status, 14),
	}
	if a.ReasonCode != 0 {
		words = append(words, "reason "+strconv.FormatInt(a.ReasonCode, 10))
	}
	if a.Since > 0 {
		words = append(words, "for "+ladder.Duration(time.Now().UnixMilli()-a.Since))
	}
	if len(a.ThisQueues) > 0 {
		words = append(words, "queues "+ladder.Clean(strings.Join(a.ThisQueues, ", ")))
	}
	return strings.Join(words, "  ")
}

func (q *queueStatus) line() string {
	words := []string{
		"     " + ladder.Pad(ladder.Clean(q.ThisQueue), 12), ladder.Pad(ladder.Clean(q.Name), 16), count(int(q.Waiting), "caller"),
	}
	if q.Waiting > 0 {
		words = append(words, "longest "+ladder.Duration(q.LongestWaitMillis))
	}
	for _, staff := range []struct {
		n    int64
		does string
	}{
		{q.Agents.Free, "free"}, {q.Agents.Busy, "busy"}, {q.Agents.AfterCallWork, "after call"}, {q.Agents.Rest, "on break"},
		{q.Agents.NotReady, "not ready"}, {q.Agents.Offline, "offline"},
	} {
		if staff.n > 0 {
			words = append(words, fmt.Sprintf("%d %s", staff.n, staff.does))
		}
	}
	return strings.Join(append(words, ladder.Clean(q.Strategy)), "  ")
}
