package main

/*
#include "cti.h"

typedef int (*cti_submit)(cti_command_ref);

static inline int cti_call_submit(cti_submit submit, cti_command_ref command) { return submit(command); }
static inline void cti_call_log(const cti_host *host, int level, const char *text) { host->log(level, text); }

#cgo noescape cti_call_submit
#cgo nocallback cti_call_submit
#cgo noescape cti_call_log
#cgo nocallback cti_call_log
*/
import "C"

import (
	"errors"
	"fmt"
	"sync"
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

	submitText, logText cText

	firing sync.Mutex
	outbox *outbox // nil when the host fires nothing
}

func newCHost(table *C.cti_host) (*cHost, error) {
	switch {
	case table == nil || table.ring == nil || table.submit == nil || table.log == nil:
		return nil, errors.New("the host's table lacks a ring, submit or log")
	case table.abi != C.CTI_ABI:
		return nil, fmt.Errorf("the host speaks version %d of cti.h and the engine %d: install both from one build",
			uint32(table.abi), uint32(C.CTI_ABI))
	}
	h := &cHost{table: *table}
	if table.outbox != nil {
		h.outbox = newOutbox((*outboxMemory)(unsafe.Pointer(table.outbox)))
	}
	return h, nil
}

// detach returns when no function of the host is being called, nor will be.
func (h *cHost) detach() {
	for _, text := range []*cText{&h.submitText, &h.logText} {
		text.Lock()
		defer text.Unlock()
		text.free()
	}
	h.firing.Lock()
	defer h.firing.Unlock()
	h.lost = true
}

func (h *cHost) fires() bool { return h.outbox != nil }

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
	h.firing.Lock()
	defer h.firing.Unlock()
	if h.lost || h.outbox == nil {
		return errFull
	}
	return h.outbox.put(f)
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
