package main

/*
#include "cti_outbox.h"
#include "cti_ring.h"

enum {
	at_tail = offsetof(cti_ring, tail),
	at_head = offsetof(cti_ring, head),
	at_signalled = offsetof(cti_ring, signalled),
	at_lost = offsetof(cti_ring, lost),
	at_mask = offsetof(cti_ring, mask),
	at_event_fd = offsetof(cti_ring, event_fd),
	at_slots = offsetof(cti_ring, slots),
	at_turn = offsetof(cti_slot, turn),
	at_record = offsetof(cti_slot, record),
	at_put = offsetof(cti_outbox, put),
	at_taken = offsetof(cti_outbox, taken),
	at_sleeps = offsetof(cti_outbox, sleeps),
	at_box_event_fd = offsetof(cti_outbox, event_fd),
	at_box_mask = offsetof(cti_outbox, mask),
	at_memory = offsetof(cti_outbox, memory),
	at_texts = offsetof(cti_boxed, texts),
};
*/
import "C"

import (
	"unsafe"

	"modcti/engine"
)

// Each line compiles only while the ring that Go reads is laid out as the one that C writes.
var (
	_ = [1]struct{}{}[unsafe.Offsetof(ringMemory{}.tail)-C.at_tail]
	_ = [1]struct{}{}[unsafe.Offsetof(ringMemory{}.head)-C.at_head]
	_ = [1]struct{}{}[unsafe.Offsetof(ringMemory{}.signalled)-C.at_signalled]
	_ = [1]struct{}{}[unsafe.Offsetof(ringMemory{}.lost)-C.at_lost]
	_ = [1]struct{}{}[unsafe.Offsetof(ringMemory{}.mask)-C.at_mask]
	_ = [1]struct{}{}[unsafe.Offsetof(ringMemory{}.eventFD)-C.at_event_fd]
	_ = [1]struct{}{}[unsafe.Offsetof(ringMemory{}.slots)-C.at_slots]
	_ = [1]struct{}{}[unsafe.Offsetof(slot{}.turn)-C.at_turn]
	_ = [1]struct{}{}[unsafe.Offsetof(slot{}.record)-C.at_record]
	_ = [1]struct{}{}[unsafe.Sizeof(slot{})-C.sizeof_cti_slot]
)

// And these only while the box that Go fills is laid out as the one that C empties.
var (
	_ = [1]struct{}{}[unsafe.Offsetof(outboxMemory{}.put)-C.at_put]
	_ = [1]struct{}{}[unsafe.Offsetof(outboxMemory{}.taken)-C.at_taken]
	_ = [1]struct{}{}[unsafe.Offsetof(outboxMemory{}.sleeps)-C.at_sleeps]
	_ = [1]struct{}{}[unsafe.Offsetof(outboxMemory{}.eventFD)-C.at_box_event_fd]
	_ = [1]struct{}{}[unsafe.Offsetof(outboxMemory{}.mask)-C.at_box_mask]
	_ = [1]struct{}{}[unsafe.Offsetof(outboxMemory{}.memory)-C.at_memory]
	_ = [1]struct{}{}[unsafe.Sizeof(outboxMemory{})-C.sizeof_cti_outbox]
	_ = [1]struct{}{}[unsafe.Offsetof(boxed{}.seq)-unsafe.Offsetof(C.cti_boxed{}.seq)]
	_ = [1]struct{}{}[unsafe.Offsetof(boxed{}.bytes)-unsafe.Offsetof(C.cti_boxed{}.bytes)]
	_ = [1]struct{}{}[unsafe.Offsetof(boxed{}.filler)-unsafe.Offsetof(C.cti_boxed{}.filler)]
	_ = [1]struct{}{}[unsafe.Sizeof(boxed{})-C.at_texts]
)

// Each line compiles only while record and cti_record have the same shape.
var (
	_ = [1]struct{}{}[unsafe.Sizeof(record{})-C.sizeof_cti_record]
	_ = [1]struct{}{}[unsafe.Offsetof(record{}.monoNanos)-unsafe.Offsetof(C.cti_record{}.mono_ns)]
	_ = [1]struct{}{}[unsafe.Offsetof(record{}.wallMicros)-unsafe.Offsetof(C.cti_record{}.wall_us)]
	_ = [1]struct{}{}[unsafe.Offsetof(record{}.leg)-unsafe.Offsetof(C.cti_record{}.leg)]
	_ = [1]struct{}{}[unsafe.Offsetof(record{}.other)-unsafe.Offsetof(C.cti_record{}.other)]
	_ = [1]struct{}{}[unsafe.Offsetof(record{}.command)-unsafe.Offsetof(C.cti_record{}.command)]
	_ = [1]struct{}{}[unsafe.Offsetof(record{}.legSeq)-unsafe.Offsetof(C.cti_record{}.leg_seq)]
	_ = [1]struct{}{}[unsafe.Offsetof(record{}.flags)-unsafe.Offsetof(C.cti_record{}.flags)]
	_ = [1]struct{}{}[unsafe.Offsetof(record{}.kind)-unsafe.Offsetof(C.cti_record{}.kind)]
	_ = [1]struct{}{}[unsafe.Offsetof(record{}.cause)-unsafe.Offsetof(C.cti_record{}.cause)]
	_ = [1]struct{}{}[unsafe.Offsetof(record{}.direction)-unsafe.Offsetof(C.cti_record{}.direction)]
	_ = [1]struct{}{}[unsafe.Offsetof(record{}.callState)-unsafe.Offsetof(C.cti_record{}.call_state)]
	_ = [1]struct{}{}[unsafe.Offsetof(record{}.disposition)-unsafe.Offsetof(C.cti_record{}.disposition)]
	_ = [1]struct{}{}[unsafe.Offsetof(record{}.textLen)-unsafe.Offsetof(C.cti_record{}.text_len)]
	_ = [1]struct{}{}[unsafe.Offsetof(record{}.timesMicros)-unsafe.Offsetof(C.cti_record{}.times_us)]
	_ = [1]struct{}{}[unsafe.Offsetof(record{}.text)-unsafe.Offsetof(C.cti_record{}.text)]
)

// And these only while the numbers of cti.h are the engine's.
var (
	_ = [1]struct{}{}[engine.LegCreated-C.CTI_LEG_CREATED]
	_ = [1]struct{}{}[engine.LegOutgoing-C.CTI_LEG_OUTGOING]
	_ = [1]struct{}{}[engine.LegRinging-C.CTI_LEG_RINGING]
	_ = [1]struct{}{}[engine.LegProgress-C.CTI_LEG_PROGRESS]
	_ = [1]struct{}{}[engine.LegAnswered-C.CTI_LEG_ANSWERED]
	_ = [1]struct{}{}[engine.LegBridged-C.CTI_LEG_BRIDGED]
	_ = [1]struct{}{}[engine.LegUnbridged-C.CTI_LEG_UNBRIDGED]
	_ = [1]struct{}{}[engine.LegHeld-C.CTI_LEG_HELD]
	_ = [1]struct{}{}[engine.LegUnheld-C.CTI_LEG_UNHELD]
	_ = [1]struct{}{}[engine.LegTransferred-C.CTI_LEG_TRANSFERRED]
	_ = [1]struct{}{}[engine.LegExecuted-C.CTI_LEG_EXECUTED]
	_ = [1]struct{}{}[engine.LegRenamed-C.CTI_LEG_RENAMED]
	_ = [1]struct{}{}[engine.LegHangup-C.CTI_LEG_HANGUP]
	_ = [1]struct{}{}[engine.LegEnded-C.CTI_LEG_ENDED]
	_ = [1]struct{}{}[engine.LegDestroyed-C.CTI_LEG_DESTROYED]
	_ = [1]struct{}{}[engine.LegLooped-C.CTI_LEG_LOOPED]
	_ = [1]struct{}{}[engine.RoomJoined-C.CTI_ROOM_JOINED]
	_ = [1]struct{}{}[engine.RoomLeft-C.CTI_ROOM_LEFT]
	_ = [1]struct{}{}[engine.SnapshotBegin-C.CTI_SNAPSHOT_BEGIN]
	_ = [1]struct{}{}[engine.LegFound-C.CTI_LEG_FOUND]
	_ = [1]struct{}{}[engine.SnapshotEnd-C.CTI_SNAPSHOT_END]
	_ = [1]struct{}{}[engine.RecordsLost-C.CTI_RECORDS_LOST]
	_ = [1]struct{}{}[engine.CommandDone-C.CTI_COMMAND_DONE]
	_ = [1]struct{}{}[engine.LegDTMF-C.CTI_LEG_DTMF]
	_ = [1]struct{}{}[engine.LegRecordStarted-C.CTI_LEG_RECORD_STARTED]
	_ = [1]struct{}{}[engine.LegRecordStopped-C.CTI_LEG_RECORD_STOPPED]
	_ = [1]struct{}{}[engine.DeviceLost-C.CTI_DEVICE_LOST]
	_ = [1]struct{}{}[engine.DeviceFound-C.CTI_DEVICE_FOUND]
	_ = [1]struct{}{}[engine.CommandSnapshot-C.CTI_CMD_SNAPSHOT]
	_ = [1]struct{}{}[engine.CommandSetVariable-C.CTI_CMD_SET_VARIABLE]
	_ = [1]struct{}{}[engine.CommandHangup-C.CTI_CMD_HANGUP]
	_ = [1]struct{}{}[engine.CommandOriginate-C.CTI_CMD_ORIGINATE]
	_ = [1]struct{}{}[engine.CommandBridge-C.CTI_CMD_BRIDGE]
	_ = [1]struct{}{}[engine.CommandWait-C.CTI_CMD_WAIT]
	_ = [1]struct{}{}[engine.CommandJoinRoom-C.CTI_CMD_JOIN_ROOM]
	_ = [1]struct{}{}[engine.CommandHold-C.CTI_CMD_HOLD]
	_ = [1]struct{}{}[engine.CommandUnhold-C.CTI_CMD_UNHOLD]
	_ = [1]struct{}{}[engine.CommandMute-C.CTI_CMD_MUTE]
	_ = [1]struct{}{}[engine.CommandUnmute-C.CTI_CMD_UNMUTE]
	_ = [1]struct{}{}[engine.CommandSendDTMF-C.CTI_CMD_SEND_DTMF]
	_ = [1]struct{}{}[engine.CommandAnswer-C.CTI_CMD_ANSWER]
	_ = [1]struct{}{}[engine.CommandEavesdrop-C.CTI_CMD_EAVESDROP]
	_ = [1]struct{}{}[engine.CommandEavesdropMode-C.CTI_CMD_EAVESDROP_MODE]
	_ = [1]struct{}{}[engine.CommandRecordStart-C.CTI_CMD_RECORD_START]
	_ = [1]struct{}{}[engine.CommandRecordStop-C.CTI_CMD_RECORD_STOP]
	_ = [1]struct{}{}[engine.CommandRecordPause-C.CTI_CMD_RECORD_PAUSE]
	_ = [1]struct{}{}[engine.CommandRecordResume-C.CTI_CMD_RECORD_RESUME]
	_ = [1]struct{}{}[engine.CommandReturn-C.CTI_CMD_RETURN]
	_ = [1]struct{}{}[engine.CommandSay-C.CTI_CMD_SAY]
	_ = [1]struct{}{}[engine.CommandPresence-C.CTI_CMD_PRESENCE]
	_ = [1]struct{}{}[engine.CommandVoicemail-C.CTI_CMD_VOICEMAIL]
	_ = [1]struct{}{}[engine.CommandFindDevice-C.CTI_CMD_FIND_DEVICE]
	_ = [1]struct{}{}[engine.FlagLoopback-C.CTI_FLAG_LOOPBACK]
	_ = [1]struct{}{}[engine.FlagTruncated-C.CTI_FLAG_TRUNCATED]
	_ = [1]struct{}{}[engine.FlagMarked-C.CTI_FLAG_MARKED]
	_ = [1]struct{}{}[engine.FlagObserver-C.CTI_FLAG_OBSERVER]
	_ = [1]struct{}{}[engine.FlagParked-C.CTI_FLAG_PARKED]
	_ = [1]struct{}{}[engine.FlagPlaced-C.CTI_FLAG_PLACED]
	_ = [1]struct{}{}[engine.FlagEngaged-C.CTI_FLAG_ENGAGED]
	_ = [1]struct{}{}[textBytes-C.CTI_TEXT_BYTES]
)
