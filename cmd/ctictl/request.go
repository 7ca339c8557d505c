package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"modcti/cmd/internal/client"
)

// request is a request of the protocol as the command line spells it.
type request struct {
	fields    map[string]any
	reference int64 // its answer carries it
}

// numbers are the fields whose digits are a number; those of others, such as thisDN, are a text.
var numbers = []string{
	"referenceID", "answerTimeout", "protocol", "resumeFrom", "phoneType", "agentState", "reasonCode", "delaySeconds",
}

// newRequest makes a request of a form, such as "HoldCall thisDN=$1", its arguments, and further fields.
func newRequest(form string, arguments, more []string) (*request, error) {
	words := strings.Fields(form)
	for i := range words {
		words[i] = os.Expand(words[i], func(place string) string { return arguments[place[0]-'1'] })
	}
	r := &request{reference: 1, fields: map[string]any{
		"messageID": "Request" + strings.TrimPrefix(words[0], "Request"),
	}}
	for _, word := range append(words[1:], more...) {
		name, text, valued := strings.Cut(word, "=")
		if !valued || name == "" || name == "messageID" {
			return nil, fmt.Errorf("%q is no field: want FIELD=VALUE", word)
		}
		r.fields[name] = valueOf(name, text)
	}
	if given, has := r.fields["referenceID"]; has {
		reference, err := strconv.ParseInt(fmt.Sprintf("%s", given), 10, 64)
		if err != nil || reference <= 0 {
			return nil, errors.New("referenceID must be a whole number above 0: the answer is known by it")
		}
		r.reference = reference
	}
	r.fields["referenceID"] = r.reference
	return r, nil
}

// valueOf reads a field's value: JSON where it is some, but digits only where the field is a number, else a text.
func valueOf(name, text string) any {
	if !json.Valid([]byte(text)) {
		return text
	}
	var quoted string
	switch first := strings.TrimSpace(text)[0]; {
	case json.Unmarshal([]byte(text), &quoted) == nil && first == '"':
		return quoted
	case (first == '-' || first >= '0' && first <= '9') && !slices.Contains(numbers, name):
		return text
	}
	return json.RawMessage(text)
}

// request sends a request for a number, which it registers first, and prints the event that answers. To follow is to
// print all that comes after it was sent.
func (s *session) request(r *request) error {
	err := s.within(func() error {
		if dn, named := r.fields["thisDN"].(string); named && r.fields["messageID"] != "RequestRegisterDN" {
			register := map[string]any{"messageID": "RequestRegisterDN", "thisDN": dn, "mode": "share"}
			if err := s.Send(register); err != nil {
				return err
			}
			if _, err := s.Await("EventRegistered"); err != nil {
				return err
			}
		}
		if err := s.Send(r.fields); err != nil {
			return err
		}
		return s.answer(r.reference)
	})
	if err != nil || !s.o.follow {
		return err
	}
	return s.stream()
}

// answer reads up to the event that carries the reference, and prints it.
func (s *session) answer(reference int64) error {
	for {
		line, err := s.Next()
		if err != nil {
			return err
		}
		if err := client.AsRefusal(line); err != nil {
			return err
		}
		var head struct {
			ReferenceID int64 `json:"referenceID"`
		}
		if err := json.Unmarshal(line, &head); err != nil {
			return fmt.Errorf("the engine sent what is not JSON: %w", err)
		}
		if answered := head.ReferenceID == reference; answered || s.o.follow {
			if err := s.show(line); err != nil || answered {
				return err
			}
		}
	}
}
