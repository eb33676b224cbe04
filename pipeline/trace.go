package pipeline

import (
	"crypto/sha256"
	"encoding/hex"
)

// TraceID is the OpenTelemetry trace of everything that a cause leads to: 32
// hexadecimal digits. It is a hash, so that every process finds the same one,
// also days later and after a restart, and nothing needs to be stored for it.
func TraceID(cause string) string {
	sum := sha256.Sum256([]byte("gatehouse trace\x00" + cause))
	return hex.EncodeToString(sum[:16])
}

// TraceID is the run's trace. The delivery that began the run, and the intake
// that read its configuration, are in it.
func (r *Run) TraceID() string { return TraceID(r.Cause) }

// TraceID is the intake's trace, and that of the runs that it starts.
func (in *Intake) TraceID() string { return TraceID(in.Cause) }
