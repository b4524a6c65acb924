# The worker's image: built with Swift, shipped without it.
#
#     docker build --tag galerly-renditions .
#     docker run --read-only --tmpfs /tmp --volume renditions-state:/var/lib/renditions --env RENDITIONS_STORE=aws … galerly-renditions
#
# scripts/check-images builds it without an engine and looks at what comes out.

# Any image with Swift 6.2 or later, on the same Debian as the base below: the libraries' versions must agree.
ARG SWIFT_IMAGE=swift:6.2-bookworm
ARG BASE_IMAGE=debian:bookworm-slim

FROM ${SWIFT_IMAGE} AS build
ARG DEBIAN_FRONTEND=noninteractive
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        libexif-dev libexpat1-dev libheif-dev libjpeg62-turbo-dev liblcms2-dev libraw-dev libsqlite3-dev libvips-dev \
        pkg-config zlib1g-dev
WORKDIR /source
# What others wrote is fetched anew only when the list of it changes.
COPY Package.swift ./
RUN swift package resolve
# Its description also names the tests' folders, which mustn't be empty; nothing in them is built.
RUN for target in SandboxProbe $(sed -n 's/.*name: "\([A-Za-z]*Tests\)".*/\1/p' Package.swift); do \
        mkdir -p "Tests/$target" && touch "Tests/$target/Empty.swift"; \
    done
COPY Sources Sources
# Swift's own libraries go into the program; Debian's are the base image's to renew.
RUN swift build --configuration release --product renditions --static-swift-stdlib \
    && install -D --strip "$(swift build --configuration release --show-bin-path)/renditions" /program/renditions

FROM ${BASE_IMAGE}
ARG DEBIAN_FRONTEND=noninteractive
# ffmpeg decodes films, util-linux holds prlimit, unshare and setpriv, which take its rights away, and the fonts are for
# watermarks of text. What ffmpeg would show films with, drivers of graphics cards and their compiler, is a quarter of it all and
# is left out, as the base image leaves out manuals.
RUN printf 'path-exclude /usr/lib/*/%s\n' 'libLLVM*' 'libz3.so*' 'dri/*' >/etc/dpkg/dpkg.cfg.d/no-drivers \
    && apt-get update \
    && apt-get install --yes --no-install-recommends \
        ca-certificates ffmpeg fonts-dejavu-core libexif12 libexpat1 libheif1 libjpeg62-turbo liblcms2-2 libraw20 \
        libsqlite3-0 libvips42 util-linux zlib1g \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/*-old /var/log/* \
    && useradd --system --uid 10001 --user-group --home-dir /var/lib/renditions --create-home --shell /usr/sbin/nologin \
        renditions
COPY --from=build /program/renditions /usr/local/bin/renditions
USER renditions
# An embedded store and what `rerender --resume` needs, and so a volume with a name: one without would go with its container.
# Nothing else is written but temporary files in /tmp.
WORKDIR /var/lib/renditions
ENV RENDITIONS_HTTP=0.0.0.0:9090
EXPOSE 9090
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 CMD ["renditions", "health"]
# The worker ends in order at SIGTERM, which is what stopping sends.
ENTRYPOINT ["renditions"]
CMD ["worker"]
