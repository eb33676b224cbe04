// Package firebase is Gatehouse's adapter to the Google APIs behind one Firebase project: Hosting, Rules, Cloud Functions of both
// generations, Cloud Run, Remote Config, Firestore's administration, Artifact Registry.
//
// The model. A Client is made once; Client.Project gives a cheap handle on one project, which acts as the service account of the
// operator's binding. What is live is data: Project.Snapshot reads all of it, Snapshot.Parts gives each movable thing as a Part.
// For a part of an older snapshot, Check says whether, and in which Way, it can still be returned to; Move does it, looking before
// it acts, so that it may be repeated after a crash; Confirm reads it again.
//
// Work that Google does by itself is an Operation: plain data, to be stored, and looked at once per call of Look. Nothing here
// waits for it. A call that failed for a moment is tried again at most twice, within two seconds (call.go, the only such place).
//
// Every failure is an *Error with a Class that says what a caller may do next, and a Fix that says what a person enables, grants
// or changes. No token, signed URL, environment value or Remote Config value is ever in an error.
//
// The package never touches documents, users or files of a product: no method of it can name them.
package firebase
