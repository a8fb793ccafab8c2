"""GLSL of the renderer: surfaces, shadows, numbers of objects, the composed frame and the lens.

Invariants:
    * Colours are linear until ``LENS_FRAGMENT``, which exposes, tone-maps and adds the camera's
      faults. World frame and units as in the package.

Source: Schlick 1994 (Fresnel); Reinhard 2002 (tone curve); shadow maps with
percentage-closer filtering, Reeves et al. 1987; the rest is our own.
"""

SURFACE_VERTEX = """
#version 330
uniform mat4 clip;
uniform mat4 place;
in vec3 position; in vec3 normal; in vec3 colour; in vec3 surface; in vec2 atlas_at;
out vec3 world; out vec3 facing; out vec3 albedo; out vec3 kind; out vec2 lettered;
void main() {
    vec4 moved = place * vec4(position, 1.0);
    world = moved.xyz;
    facing = mat3(place) * normal;
    albedo = colour; kind = surface; lettered = atlas_at;
    gl_Position = clip * moved;
}
"""

LIGHTING = """
uniform vec3 eye;
uniform vec3 sun_way; uniform vec3 sun_light;
uniform vec3 sky_light; uniform vec3 ground_light;
uniform float lamps[12];
uniform vec3 street[24]; uniform int streets; uniform vec3 street_light;
uniform vec3 haze; uniform float haze_per_m;
uniform float wet;

float shade(sampler2DShadow map, mat4 matrix, vec3 at, float bias) {
    vec3 p = (matrix * vec4(at, 1.0)).xyz * 0.5 + 0.5;
    if (any(lessThan(p, vec3(0.0))) || any(greaterThan(p, vec3(1.0)))) return 1.0;
    return texture(map, vec3(p.xy, p.z - bias));
}
vec3 street_part(vec3 at, vec3 n) {
    vec3 sum = vec3(0.0);
    for (int i = 0; i < streets; i++) {
        vec3 d = street[i] - at; float r2 = dot(d, d);
        if (r2 > 1200.0) continue;
        vec3 w = d * inversesqrt(r2);
        sum += street_light * (max(0.0, dot(n, w)) * max(0.0, w.z) / (r2 + 4.0));
    }
    return sum;
}
vec3 heaven(vec3 way) {
    float up = clamp(way.z, -1.0, 1.0);
    vec3 far = mix(sky_light * 1.15, sky_light * vec3(0.55, 0.72, 1.0), smoothstep(0.0, 0.7, up));
    far = mix(far * 0.28, far, smoothstep(0.05, 0.32, up));
    return mix(ground_light, far, smoothstep(-0.05, 0.05, up));
}
vec3 hazed(vec3 c, vec3 at) {
    return mix(haze, c, exp(-haze_per_m * length(at - eye)));
}
"""

STILL_FRAGMENT = (
    """
#version 330
"""
    + LIGHTING
    + """
uniform sampler2D atlas; uniform sampler2D painted; uniform sampler2D clouds;
uniform bool is_ground;
uniform vec4 painted_box;
uniform sampler2DShadow sun_map; uniform mat4 sun_matrix;
uniform sampler2DShadow sky_map; uniform mat4 sky_matrix; uniform vec3 sky_way;
in vec3 world; in vec3 facing; in vec3 albedo; in vec3 kind; in vec2 lettered;
layout(location = 0) out vec4 by_sun; layout(location = 1) out vec4 by_rest;
layout(location = 2) out vec4 bare;
void main() {
    vec3 n = normalize(facing), a = albedo, v = normalize(eye - world);
    if (dot(n, v) < 0.0 && !is_ground) n = mix(n, -n, step(0.5, kind.x));
    if (is_ground) {
        vec2 at = (world.xy - painted_box.xy) / painted_box.zw;
        if (all(greaterThan(at, vec2(0.0))) && all(lessThan(at, vec2(1.0))))
            a = texture(painted, at).rgb;
        a *= mix(1.0, 0.55, wet);
    }
    else {
        float across = world.x * 0.8 + world.y;
        float spots = texture(clouds, vec2(across * 0.11, world.z * 0.11)).r;
        float runs = texture(clouds, vec2(across * 0.55, world.z * 0.03)).r;
        a *= 0.62 + 0.5 * spots + 0.22 * runs * (1.0 - kind.x);
    }
    if (lettered.x >= 0.0) a *= pow(texture(atlas, lettered).rgb, vec3(2.2));
    float lit = shade(sun_map, sun_matrix, world + n * 0.03, 0.0006) * max(0.0, dot(n, sun_way));
    float open = shade(sky_map, sky_matrix, world + n * 0.05, 0.0012) * max(0.0, dot(n, sky_way));
    float gloss = is_ground ? wet * 0.6 : kind.x;
    float edge = gloss * (0.05 + 0.95 * pow(1.0 - max(0.0, dot(n, v)), 5.0));
    vec3 rest = a * sky_light * 2.0 * open + a * ground_light * (0.25 + 0.25 * (0.5 - 0.5 * n.z));
    rest += a * street_part(world, n) + heaven(reflect(-v, n)) * edge * 0.8;
    rest += a * lamps[int(kind.y + 0.5)];
    by_sun = vec4(a * sun_light * lit * exp(-haze_per_m * length(world - eye)), 1.0);
    by_rest = vec4(hazed(rest, world), 1.0);
    bare = vec4(a, is_ground ? 1.0 : 0.5);
}
"""
)

ROUGH_FRAGMENT = (
    """
#version 330
"""
    + LIGHTING
    + """
uniform sampler2D atlas;
uniform sampler2DShadow sun_map; uniform mat4 sun_matrix;
uniform sampler2DShadow moving_map; uniform mat4 moving_matrix;
in vec3 world; in vec3 facing; in vec3 albedo; in vec3 kind; in vec2 lettered;
out vec4 result;
void main() {
    vec3 n = normalize(facing), a = albedo, v = normalize(eye - world);
    if (lettered.x >= 0.0) a *= pow(texture(atlas, lettered).rgb, vec3(2.2));
    float open = kind.z;
    float lit = shade(sun_map, sun_matrix, world + n * 0.05, 0.001)
        * shade(moving_map, moving_matrix, world + n * 0.04, 0.0006);
    vec3 c = a * sun_light * lit * max(0.0, dot(n, sun_way));
    c += a * sky_light * open * (0.55 + 0.45 * n.z);
    c += a * ground_light * (0.35 - 0.3 * n.z) * (0.4 + 0.6 * open);
    c += a * street_part(world, n);
    vec3 back = reflect(-v, n);
    float edge = kind.x * (0.05 + 0.95 * pow(1.0 - max(0.0, dot(n, v)), 5.0));
    c = mix(c, heaven(back), edge * (0.35 + 0.65 * open));
    float shine = mix(12.0, 240.0, kind.x);
    float spark = pow(max(0.0, dot(back, sun_way)), shine) * (0.3 + shine * 0.01);
    c += sun_light * lit * kind.x * kind.x * spark;
    c += a * lamps[int(kind.y + 0.5)];
    result = vec4(hazed(c, world), 1.0);
}
"""
)

SHADOW_VERTEX = """
#version 330
uniform mat4 clip; uniform mat4 place;
in vec3 position;
void main() { gl_Position = clip * place * vec4(position, 1.0); }
"""
SHADOW_FRAGMENT = """
#version 330
void main() {}
"""
NUMBER_FRAGMENT = """
#version 330
uniform uint number;
out uint result;
void main() { result = number; }
"""

SCREEN_VERTEX = """
#version 330
in vec2 corner;
out vec2 at;
void main() { at = corner * 0.5 + 0.5; gl_Position = vec4(corner, 0.999999, 1.0); }
"""

HEAVEN_FRAGMENT = (
    """
#version 330
"""
    + LIGHTING
    + """
uniform mat4 unclip; uniform sampler2D clouds; uniform float cloudy;
in vec2 at;
layout(location = 0) out vec4 by_sun; layout(location = 1) out vec4 by_rest;
layout(location = 2) out vec4 bare;
void main() {
    vec4 far = unclip * vec4(at * 2.0 - 1.0, 1.0, 1.0);
    vec3 way = normalize(far.xyz / far.w - eye);
    vec3 deep = sky_light * vec3(0.7, 0.95, 1.35);
    vec3 blue = mix(sky_light * 2.3, deep * 1.5, smoothstep(0.0, 0.5, way.z));
    float c = texture(clouds, way.xy / max(0.06, way.z) * 0.06).r;
    vec3 sky = mix(blue, sky_light * 2.8 + sun_light * 0.25, smoothstep(0.35, 0.8, c) * cloudy);
    by_sun = vec4(0.0, 0.0, 0.0, 1.0);
    by_rest = vec4(mix(haze, sky, smoothstep(0.0, 0.06 + haze_per_m * 60.0, way.z)), 1.0);
    bare = vec4(0.0);
}
"""
)

COMPOSE_FRAGMENT = """
#version 330
uniform sampler2D by_sun; uniform sampler2D by_rest; uniform sampler2D still_depth;
uniform mat4 unclip;
uniform sampler2DShadow moving_map; uniform mat4 moving_matrix; uniform bool shadows;
in vec2 at;
out vec4 result;
void main() {
    float depth = texelFetch(still_depth, ivec2(gl_FragCoord.xy), 0).r;
    vec4 p = unclip * vec4(vec3(at, depth) * 2.0 - 1.0, 1.0);
    vec3 world = p.xyz / p.w;
    float lit = 1.0;
    if (shadows && depth < 0.99999) {
        vec3 s = (moving_matrix * vec4(world, 1.0)).xyz * 0.5 + 0.5;
        if (all(greaterThan(s, vec3(0.0))) && all(lessThan(s, vec3(1.0)))) {
            lit = texture(moving_map, vec3(s.xy, s.z - 0.0006));
        }
    }
    vec3 c = texelFetch(by_rest, ivec2(gl_FragCoord.xy), 0).rgb;
    result = vec4(c + texelFetch(by_sun, ivec2(gl_FragCoord.xy), 0).rgb * lit, 1.0);
    gl_FragDepth = depth;
}
"""

DEPTH_FRAGMENT = """
#version 330
uniform sampler2D still_depth;
in vec2 at;
out uint result;
void main() {
    result = 0u;
    gl_FragDepth = texelFetch(still_depth, ivec2(gl_FragCoord.xy), 0).r;
}
"""

# A soft patch on the road under and around a vehicle, multiplied into what is there.
CONTACT_VERTEX = """
#version 330
uniform mat4 clip;
in vec2 corner; in vec4 where; in vec2 half_size;
out vec2 local; out vec2 size;
void main() {
    size = half_size; local = corner * (half_size + 0.45);
    vec2 side = vec2(-where.w, where.z);
    vec2 turned = local.x * where.zw + local.y * side;
    gl_Position = clip * vec4(where.xy + turned, 0.015, 1.0);
}
"""
CONTACT_FRAGMENT = """
#version 330
in vec2 local; in vec2 size;
out vec4 result;
void main() {
    vec2 d = smoothstep(size + 0.45, size - 0.5, abs(local));
    result = vec4(vec3(1.0 - 0.62 * d.x * d.y), 1.0);
}
"""

# What head lamps throw on the road: a fan ahead of the vehicle, times the bare colour there.
BEAM_VERTEX = """
#version 330
uniform mat4 clip;
in vec2 corner; in vec4 where; in vec2 reach;
out vec2 local; out float power;
void main() {
    local = vec2((corner.x * 0.5 + 0.5) * 30.0, corner.y * 9.0); power = reach.y;
    vec2 from = local + vec2(reach.x, 0.0);
    vec2 turned = vec2(from.x * where.z - from.y * where.w, from.x * where.w + from.y * where.z);
    gl_Position = clip * vec4(where.xy + turned, 0.02, 1.0);
}
"""
BEAM_FRAGMENT = """
#version 330
uniform sampler2D bare;
in vec2 local; in float power;
out vec4 result;
void main() {
    float wide = 0.7 + 0.17 * local.x;
    float side = exp(-local.y * local.y / (wide * wide));
    float along = smoothstep(0.0, 3.5, local.x) * smoothstep(30.0, 6.0, local.x);
    along /= 1.0 + 0.015 * local.x * local.x;
    vec3 a = texelFetch(bare, ivec2(gl_FragCoord.xy), 0).rgb;
    result = vec4(a * vec3(1.0, 0.93, 0.8) * power * side * along, 1.0);
}
"""

# Glare of a lamp: a sprite of fixed size in pixels that fades with the angle it is seen at.
GLARE_VERTEX = """
#version 330
uniform mat4 clip; uniform vec2 size_px;
in vec2 corner; in vec4 where; in vec4 light;
out vec2 local; out vec3 colour;
void main() {
    vec4 p = clip * vec4(where.xyz, 1.0);
    local = corner; colour = light.rgb;
    p.xy += corner * where.w / size_px * 2.0 * p.w;
    p.z -= 0.002 * p.w;
    gl_Position = p;
}
"""
GLARE_FRAGMENT = """
#version 330
in vec2 local; in vec3 colour;
out vec4 result;
void main() {
    float r = length(local);
    float core = exp(-r * r * 60.0) * 3.0 + exp(-r * r * 9.0) * 0.22;
    core += 0.10 * exp(-abs(local.x) * 26.0) * (1.0 - r);
    result = vec4(colour * core * smoothstep(1.0, 0.55, r), 1.0);
}
"""

LENS_FRAGMENT = """
#version 330
uniform sampler2D scene; uniform sampler2D bend; uniform sampler2D grain;
uniform vec2 scene_px; uniform vec2 grain_at; uniform float noise; uniform float gain;
uniform float soft; uniform float sharpen; uniform float vignette; uniform float colourful;
uniform float rain; uniform float seconds;
in vec2 at;
out vec4 result;
vec3 seen(vec2 p) { vec3 c = texture(scene, p).rgb * gain; return c / (c + 0.72); }
float streak(vec2 p, float scale, float speed) {
    vec2 q = vec2(p.x * scale + p.y * 0.12 * scale, p.y * scale * 0.07 - seconds * speed);
    float g = texture(grain, q / 17.0 + floor(seconds * 13.0) * 0.137).r;
    return smoothstep(0.90, 1.0, g);
}
void main() {
    vec2 p = texture(bend, at).rg, e = soft / scene_px;
    vec3 middle = seen(p);
    vec3 cross = seen(p + vec2(e.x, 0)) + seen(p - vec2(e.x, 0));
    cross += seen(p + vec2(0, e.y)) + seen(p - vec2(0, e.y));
    vec3 blurred = (middle * 2.0 + cross) / 6.0;
    vec2 f = e * 2.2, g2 = vec2(f.x, -f.y);
    vec3 wide = (seen(p + f) + seen(p - f) + seen(p + g2) + seen(p - g2)) / 4.0;
    vec3 c = max(blurred + (blurred - wide) * sharpen, 0.0);
    c = min(pow(c * (0.72 + 0.58 * c), vec3(1.0 / 2.0)), 1.0);
    c = mix(c, c * c * (3.0 - 2.0 * c), 0.4);
    vec2 m = at - 0.5;
    c *= 1.0 - vignette * dot(m, m);
    if (rain > 0.0) {
        float drops = 0.5 * streak(at, 5.0, 1.6) + 0.35 * streak(at + 0.37, 9.0, 2.3);
        c = mix(c, c * 0.8 + 0.2, rain * drops);
    }
    float grey = dot(c, vec3(0.299, 0.587, 0.114));
    c = mix(vec3(grey), c, colourful);
    vec3 g = texture(grain, at * scene_px / 420.0 + grain_at).rgb - 0.5;
    float dark = mix(1.5, 0.6, grey);
    c += noise * dark * (vec3(g.r) + (g - g.r) * 0.5);
    result = vec4(c, 1.0);
}
"""

ADD_FRAGMENT = """
#version 330
uniform sampler2D part0; uniform sampler2D part1; uniform sampler2D part2; uniform float share;
layout(location = 0) out vec4 a; layout(location = 1) out vec4 b; layout(location = 2) out vec4 c;
void main() {
    ivec2 p = ivec2(gl_FragCoord.xy);
    a = texelFetch(part0, p, 0) * share; b = texelFetch(part1, p, 0) * share;
    c = texelFetch(part2, p, 0) * share;
}
"""
