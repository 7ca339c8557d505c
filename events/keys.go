package events

import (
	"slices"
	"strconv"
)

// Keys of attached data that belong to the engine (R7, R8, R10).
const (
	KeyConsultStage     = "consultStage"
	KeyConsulting       = "consulting"
	KeyConsultCause     = "consultCause"
	KeyInterceptCause   = "intercept_cause"
	KeyBargeinCause     = "bargein_cause"
	KeyWhisperMode      = "whisperMode"
	KeyLoginState       = "loginState"
	KeyNoCallReasonCode = "NoCallReasonCode"
)

// ReservedKeys are the keys of attached data that no client may write (R8).
var ReservedKeys = []string{
	KeyConsultStage, KeyConsulting, KeyConsultCause, KeyInterceptCause, KeyBargeinCause, KeyWhisperMode,
	KeyLoginState, KeyNoCallReasonCode,
}

// Reserved tells whether key belongs to the engine, so that no client may write it (R8).
func Reserved(key string) bool { return slices.Contains(ReservedKeys, key) }

// appendPairs appends the keys that are set as members of attachedData; more tells whether members stand before them.
// The page has no consultCause, so that it is told in profile Full alone (R10).
func (k *Keys) appendPairs(dst []byte, more bool, p Profile) []byte {
	key := func(name string) {
		if more {
			dst = append(dst, ',')
		}
		more = true
		dst = append(appendString(dst, name), ':')
	}
	switch {
	case k.ConsultStage == 0:
	case k.Consulting && (k.ConsultStage == StageRinging || k.ConsultStage == StageAnswered):
		key(KeyConsultStage)
		dst = append(strconv.AppendInt(append(dst, '"'), k.ConsultStage, 10), '"')
	default:
		key(KeyConsultStage)
		dst = strconv.AppendInt(dst, k.ConsultStage, 10)
	}
	if k.Consulting {
		key(KeyConsulting)
		dst = append(dst, `"true"`...)
	}
	if k.ConsultCause != "" && p.Full() {
		key(KeyConsultCause)
		dst = appendString(dst, k.ConsultCause)
	}
	if k.InterceptCause != 0 {
		key(KeyInterceptCause)
		dst = strconv.AppendInt(dst, k.InterceptCause, 10)
	}
	if k.BargeinCause != 0 {
		key(KeyBargeinCause)
		dst = strconv.AppendInt(dst, k.BargeinCause, 10)
	}
	if k.WhisperMode != "" {
		key(KeyWhisperMode)
		dst = appendString(dst, k.WhisperMode)
	}
	return dst
}
