package main

/*
#include "cti.h"

typedef int (*cti_submit)(cti_command_ref);
typedef int (*cti_fire)(cti_fired_ref);

static inline int cti_call_submit(cti_submit submit, cti_command_ref command) { return submit(command); }
static inline int cti_call_fire(cti_fire fire, cti_fired_ref fired) { return fire(fired); }
static inline void cti_call_log(const cti_host *host, int level, const char *text) { host->log(level, text); }

#cgo noescape cti_call_submit
#cgo nocallback cti_call_submit
#cgo noescape cti_call_fire
#cgo nocallback cti_call_fire
#cgo noescape cti_call_log
#cgo nocallback cti_call_log
*/
import "C"

import (
	"errors"
	"fmt"
	"unsafe"

	"modcti/engine"
)

// errFull says that a queue of the host had no room.
var errFull = errors.New("the host's queue is full")

// host is what the engine asks of whoever embeds it. All of it returns at once; any goroutine may call it.
type host interface {
	// submit queues a command for a worker; errFull when there is no room.
	submit(command *engine.Command) error
	// fire queues an event for CUSTOM cti::event; errFull when there is no room.
	fire(f *fired) error
	// fires tells whether the host wants to be given events at all.
	fires() bool
	// log writes one line; level is one of host* in log.go.
	log(level int, text string)
}

// cHost is the function table of a C host. After detach its functions are not called any more.
type cHost struct {
	table C.cti_host // a copy of our own
	lost  bool       // detached

	submitText, fireText, logText cText
}

func newCHost(table *C.cti_host) (*cHost, error) {
	switch {
	case table == nil || table.ring == nil || table.submit == nil || table.log == nil:
		return nil, errors.New("the host's table lacks a ring, submit or log")
	case table.abi != C.CTI_ABI:
		return nil, fmt.Errorf("the host speaks version %d of cti.h and the engine %d: install both from one build",
			uint32(table.abi), uint32(C.CTI_ABI))
	}
	return &cHost{table: *table}, nil
}

// detach returns when no function of the host is being called, nor will be.
func (h *cHost) detach() {
	for _, text := range []*cText{&h.submitText, &h.fireText, &h.logText} {
		text.Lock()
		defer text.Unlock()
		text.free()
	}
	h.lost = true
}

func (h *cHost) fires() bool { return h.table.fire != nil }

func (h *cHost) submit(command *engine.Command) error {
	t := &h.submitText
	t.Lock()
	defer t.Unlock()
	if h.lost {
		return errFull
	}
	t.begin(C.sizeof_cti_command + len(command.UUID) + len(command.OtherUUID) + len(command.Name) + len(command.Value) +
		len(command.CallID) + len(command.CallerNumber) + len(command.CallerName) + 7)
	c := (*C.cti_command)(t.room(C.sizeof_cti_command))
	*c = C.cti_command{
		id: C.uint64_t(command.ID), kind: C.uint16_t(command.Kind), cause: C.uint16_t(command.Cause),
		deadline_ms: C.int64_t(command.DeadlineMillis),
	}
	c.uuid, c.other_uuid = t.put(command.UUID), t.put(command.OtherUUID)
	c.name, c.value, c.call_id = t.put(command.Name), t.put(command.Value), t.put(command.CallID)
	c.caller_number, c.caller_name = t.put(command.CallerNumber), t.put(command.CallerName)
	return result(C.cti_call_submit(h.table.submit, c))
}

func (h *cHost) fire(f *fired) error {
	t := &h.fireText
	t.Lock()
	defer t.Unlock()
	if h.lost || h.table.fire == nil {
		return errFull
	}
	t.begin(C.sizeof_cti_fired + len(f.messageID) + len(f.callID) + len(f.partyID) + len(f.thisDN) + len(f.agentUUID) + len(f.companyID) +
		len(f.body) + 7)
	c := (*C.cti_fired)(t.room(C.sizeof_cti_fired))
	*c = C.cti_fired{seq: C.uint64_t(f.seq)}
	c.message_id, c.call_id, c.party_id = t.put(f.messageID), t.put(f.callID), t.put(f.partyID)
	c.this_dn, c.agent_uuid, c.company_id = t.put(f.thisDN), t.put(f.agentUUID), t.put(f.companyID)
	c.body = t.put(unsafe.String(unsafe.SliceData(f.body), len(f.body)))
	return result(C.cti_call_fire(h.table.fire, c))
}

func (h *cHost) log(level int, text string) {
	t := &h.logText
	t.Lock()
	defer t.Unlock()
	if h.lost {
		return
	}
	t.begin(len(text) + 1)
	C.cti_call_log(&h.table, C.int(level), t.put(text))
}

func result(code C.int) error {
	switch {
	case code == 0:
		return nil
	case code == C.CTI_EFULL:
		return errFull
	}
	return fmt.Errorf("the host refused with %d", int(code))
}
