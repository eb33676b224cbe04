package login

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
)

// keyBytes is the length of a key of AES-256.
const keyBytes = 32

// errSealed says that something cannot be opened: another key sealed it, or it
// was changed. Which of them is nobody's business.
var errSealed = errors.New("what is sealed cannot be opened with the keys at hand")

// Vault seals small secrets with AES-256-GCM. It is safe for several goroutines.
type Vault struct{ keys []key }

type key struct {
	id   string
	aead cipher.AEAD
}

// NewVault makes a vault of one or more keys of 32 bytes. The first seals, all
// open: that is how a key is changed.
func NewVault(keys ...[]byte) (*Vault, error) {
	v := &Vault{}
	for _, k := range keys {
		if len(k) != keyBytes {
			return nil, errors.New("a key must have 32 bytes")
		}
		block, err := aes.NewCipher(k)
		if err != nil {
			return nil, err
		}
		aead, err := cipher.NewGCM(block)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(k)
		v.keys = append(v.keys, key{id: hex.EncodeToString(sum[:4]), aead: aead})
	}
	if len(v.keys) == 0 {
		return nil, errors.New("a vault needs a key")
	}
	return v, nil
}

// DeriveKey makes the key for this purpose from a secret that the operator keeps
// anyway.
func DeriveKey(secret []byte, purpose string) ([]byte, error) {
	return hkdf.Key(sha256.New, secret, nil, "gatehouse "+purpose, keyBytes)
}

// Seal hides a text. What belongs names where it may be opened: sealed for one
// place, it opens in no other.
func (v *Vault) Seal(belongs string, text []byte) (string, error) {
	k := v.keys[0]
	nonce := make([]byte, k.aead.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return "", err
	}
	return k.id + "." + base64.RawURLEncoding.EncodeToString(k.aead.Seal(nonce, nonce, text, []byte(belongs))), nil
}

// Open gives the text back, if it was sealed for this place.
func (v *Vault) Open(belongs, sealed string) ([]byte, error) {
	id, body, _ := strings.Cut(sealed, ".")
	raw, err := base64.RawURLEncoding.DecodeString(body)
	if err != nil {
		return nil, errSealed
	}
	for _, k := range v.keys {
		if k.id != id || len(raw) < k.aead.NonceSize() {
			continue
		}
		text, err := k.aead.Open(nil, raw[:k.aead.NonceSize()], raw[k.aead.NonceSize():], []byte(belongs))
		if err != nil {
			return nil, errSealed
		}
		return text, nil
	}
	return nil, errSealed
}
