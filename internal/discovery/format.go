package discovery

import (
	"encoding/base64"
	"regexp"
	"strconv"
	"time"
)

var duration = regexp.MustCompile(`^-?\d+(\.\d{1,9})?s$`)

// formatProblem says how a text misses its format; "" if it does not.
func formatProblem(format, text string) string {
	var err error
	switch format {
	case "int64":
		_, err = strconv.ParseInt(text, 10, 64)
	case "uint64":
		_, err = strconv.ParseUint(text, 10, 64)
	case "google-datetime", "date-time":
		_, err = time.Parse(time.RFC3339Nano, text)
	case "byte":
		if _, err = base64.StdEncoding.DecodeString(text); err != nil {
			_, err = base64.URLEncoding.DecodeString(text)
		}
	case "google-duration":
		if !duration.MatchString(text) {
			return "which is no duration in seconds"
		}
	}
	if err != nil {
		return "which is no " + format
	}
	return ""
}
