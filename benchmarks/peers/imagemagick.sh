# Renditions by ImageMagick, one decode a photo: imagemagick.sh ORIGINALS RENDITIONS
set -euo pipefail
profile=/usr/share/color/icc/colord/sRGB.icc
for photo in "$1"/*.jpg; do
    name=$(basename "$photo" .jpg)
    colour=()
    if vipsheader -f icc-profile-data "$photo" >/dev/null 2>&1; then
        colour=(-intent Relative -black-point-compensation -profile "$profile")
    fi
    convert "$photo" -auto-orient "${colour[@]}" -strip -filter Lanczos -interlace JPEG \
        \( -clone 0 -resize '4000x4000>' -sampling-factor 4:4:4 -quality 92 -write "$2/${name}_large.jpg" +delete \) \
        \( -clone 0 -resize '2000x2000>' -sampling-factor 4:4:4 -quality 90 -write "$2/${name}_medium.jpg" +delete \) \
        \( -clone 0 -resize '800x600>' -sampling-factor 4:2:0 -quality 85 -write "$2/${name}_small.jpg" +delete \) \
        -resize '400x400>' -sampling-factor 4:2:0 -quality 80 "$2/${name}_thumbnail.jpg"
done
