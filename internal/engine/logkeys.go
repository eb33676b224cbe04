package engine

// The keys of log lines. One grep for a run's id tells its story.
const (
	logDelivery = "delivery"
	logItem     = "item"
	logRepo     = "repo"
	logRun      = "run"
	logEffect   = "effect"
	logKey      = "key"
	logLane     = "lane"
	logSlot     = "slot"
	logFact     = "fact"
	logTries    = "tries"
	logReason   = "reason"
	logError    = "error"
	logStack    = "stack"
	logRefused  = "refused"

	logInstallation = "installation"
	logSeen         = "seen"
	logDeleted      = "deleted"
	logItems        = "items"
)
