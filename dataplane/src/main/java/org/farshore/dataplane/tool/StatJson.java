package org.farshore.dataplane.tool;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.dataplane.runtime.RoleSample;

/** One look at all roles as one JSON object. Field names are stable: scripts hold on to them. */
final class StatJson {
    private StatJson() {}

    /** {@code before} holds earlier samples in the same order, null where there is none. */
    static String of(final List<RoleSample> now, final List<RoleSample> before) {
        final List<Object> roles = new ArrayList<>();
        boolean healthy = true;
        for (int i = 0; i < now.size(); i++) {
            roles.add(role(now.get(i), before.get(i)));
            healthy &= RoleReport.of(now.get(i)).healthy();
        }
        final Map<String, Object> object = new LinkedHashMap<>();
        object.put("timeMs", System.currentTimeMillis());
        object.put("healthy", healthy);
        object.put("roles", roles);
        return JsonText.of(object);
    }

    private static Map<String, Object> role(final RoleSample now, final RoleSample before) {
        final RoleReport report = RoleReport.of(now);
        final Map<String, Object> object = new LinkedHashMap<>();
        object.put("role", now.role());
        object.put("instance", now.instance());
        object.put("directory", now.directory().toString());
        object.put("pid", now.pid());
        object.put("life", now.life().name().toLowerCase(java.util.Locale.ROOT));
        object.put("startedMs", now.startedMs());
        object.put("healthy", report.healthy());
        object.put("state", report.state());
        object.put("next", report.next());
        if ("agent".equals(now.role())) {
            object.put("volumes", volumes(now));
            object.put("recoveryPointLagMs", lag(now));
        }
        if (before != null && before.pid() == now.pid()) {
            object.put("bytesPerSecond", rates(now, before));
        }
        object.put("counters", counters(now));
        object.put("errors", errors(now));
        return object;
    }

    private static List<Object> volumes(final RoleSample now) {
        final List<Object> volumes = new ArrayList<>();
        for (final String name : now.volumes()) {
            final Map<String, Object> volume = new LinkedHashMap<>();
            volume.put("name", name);
            volume.put("state", RoleReport.volumeState(now.value(ReplicationCounter.VOLUME_STATE, name)));
            volume.put("sizeBytes", now.value(ReplicationCounter.VOLUME_SIZE, name));
            volume.put("todoBytes", now.value(ReplicationCounter.VOLUME_TODO, name));
            volume.put("sentBytes", now.value(ReplicationCounter.VOLUME_SENT, name));
            volume.put("copiedShare", RoleReport.copied(now, name));
            volumes.add(volume);
        }
        return volumes;
    }

    private static Map<String, Object> lag(final RoleSample now) {
        final Map<String, Object> lag = new LinkedHashMap<>();
        lag.put("now", now.max(ReplicationCounter.RECOVERY_LAG));
        lag.put("p50", now.max(ReplicationCounter.RECOVERY_LAG_P50));
        lag.put("p99", now.max(ReplicationCounter.RECOVERY_LAG_P99));
        lag.put("max", now.max(ReplicationCounter.RECOVERY_LAG_MAX));
        return lag;
    }

    private static Map<String, Object> rates(final RoleSample now, final RoleSample before) {
        final Map<String, Object> rates = new LinkedHashMap<>();
        for (final ReplicationCounter counter : ReplicationCounter.values()) {
            final boolean flows = counter.label().endsWith(".bytes")
                    && !counter.label().startsWith("volume.")
                    && !counter.label().contains(".length.");
            if (flows && now.has(counter)) {
                rates.put(counter.label(), now.rate(counter, before));
            }
        }
        return rates;
    }

    private static List<Object> counters(final RoleSample now) {
        final List<Object> counters = new ArrayList<>();
        for (final RoleSample.Value value : now.values()) {
            final Map<String, Object> counter = new LinkedHashMap<>();
            counter.put("typeId", value.typeId());
            counter.put("name", value.label());
            counter.put("subject", value.subject());
            counter.put("value", value.value());
            counters.add(counter);
        }
        return counters;
    }

    private static List<Object> errors(final RoleSample now) {
        final List<Object> errors = new ArrayList<>();
        for (final RoleSample.Fault fault : now.faults()) {
            final Map<String, Object> error = new LinkedHashMap<>();
            error.put("count", fault.count());
            error.put("firstMs", fault.firstMs());
            error.put("lastMs", fault.lastMs());
            error.put("text", fault.text());
            errors.add(error);
        }
        return errors;
    }
}
