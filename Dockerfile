# One static program in an image that has nothing else: no shell, no package manager, not root.
# Tags, because the digests could not be looked up where this was written; pin them: docker buildx imagetools inspect IMAGE
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /gatehouse ./cmd/gatehouse

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /gatehouse /gatehouse
USER 65532:65532
ENTRYPOINT ["/gatehouse"]
CMD ["serve"]
