# Renditions by vipsthumbnail, one process and one decode a size: vipsthumbnail.sh ORIGINALS RENDITIONS
set -euo pipefail
for photo in "$1"/*.jpg; do
    name=$(basename "$photo" .jpg)
    colour=()
    # Asking for a profile where none is embedded would cost two conversions for nothing.
    if vipsheader -f icc-profile-data "$photo" >/dev/null 2>&1; then colour=(--eprofile srgb --intent relative); fi
    for size in large:4000x4000:92 medium:2000x2000:90 small:800x600:85 thumbnail:400x400:80; do
        IFS=: read -r label box quality <<<"$size"
        vipsthumbnail "$photo" --size "$box>" "${colour[@]}" \
            -o "$2/${name}_$label.jpg[Q=$quality,interlace,optimize_coding,strip]"
    done
done
