// Package main is libcti.so: the engine behind the contract of cti.h. Exports are a few lines here; what they do is
// plain Go in the other files.
package main

/*
#include "cti.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"time"
	"unsafe"
)

// running is the engine of this process.
var running lifecycle

func main() {}

//export cti_start
func cti_start(host C.cti_host_ref, rows C.cti_settings_ref, count C.int32_t, text *C.char, size C.int32_t) C.int32_t {
	return report(text, size, func() error { return startHosted(host, rows, count) })
}

//export cti_reload
func cti_reload(rows C.cti_settings_ref, count C.int32_t, text *C.char, size C.int32_t) C.int32_t {
	return report(text, size, func() error {
		settings, err := settingsOf(rows, count)
		if err != nil {
			return err
		}
		return running.reload(settings)
	})
}

//export cti_stop
func cti_stop(timeoutMillis C.int32_t) C.int32_t {
	return report(nil, 0, func() error { return running.stop(time.Duration(timeoutMillis) * time.Millisecond) })
}

//export cti_query
func cti_query(command C.cti_str) *C.char {
	answer := ""
	if err := contained(func() error { answer = running.query(C.GoString(command)); return nil }); err != nil {
		answer = "-ERR " + oneLine(err.Error()) + "\n"
	}
	return C.CString(answer)
}

//export cti_version
func cti_version() C.cti_str { return versionText() }

func startHosted(host C.cti_host_ref, rows C.cti_settings_ref, count C.int32_t) error {
	h, err := newCHost(host)
	if err != nil {
		return &invalidError{err}
	}
	settings, err := settingsOf(rows, count)
	if err != nil {
		return err
	}
	return running.start(func() (*service, func(), error) {
		r := newSharedRing((*ringMemory)(unsafe.Pointer(h.table.ring)))
		wake, err := r.open()
		if err != nil {
			return nil, nil, err
		}
		s, err := start(settings, h, r, wake, newLog(h.log, time.Now))
		if err != nil {
			h.detach()
		}
		return s, h.detach, err
	})
}

// settingsOf copies and checks the host's rows.
func settingsOf(rows C.cti_settings_ref, count C.int32_t) (*Settings, error) {
	if count < 0 || count > 0 && rows == nil {
		return nil, &invalidError{errors.New("the settings are no array")}
	}
	list := make([]setting, 0, count)
	for _, row := range unsafe.Slice(rows, count) {
		list = append(list, setting{section: C.GoString(row.section), name: C.GoString(row.name),
			value: C.GoString(row.value), line: int(row.line), item: int(row.item)})
	}
	settings, err := parseSettings(list)
	if err != nil {
		return nil, &invalidError{err}
	}
	return settings, nil
}

// report runs what an export does and turns its error into a code and, if the caller gave room for it, a text.
func report(text *C.char, size C.int32_t, do func() error) C.int32_t {
	err := contained(do)
	message := ""
	if err != nil {
		message = oneLine(err.Error())
	}
	storeText(text, size, message)
	return codeOf(err)
}

func codeOf(err error) C.int32_t {
	var invalid *invalidError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &invalid):
		return C.CTI_EINVAL
	case errors.Is(err, errState):
		return C.CTI_ESTATE
	case errors.Is(err, errLate):
		return C.CTI_ETIME
	}
	return C.CTI_EFAIL
}

// contained makes a panic an error: nothing of Go may unwind into the host.
func contained(do func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = fmt.Errorf("the engine failed: %v", value)
		}
	}()
	return do()
}
