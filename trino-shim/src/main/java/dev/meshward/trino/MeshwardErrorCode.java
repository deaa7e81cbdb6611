package dev.meshward.trino;

import io.trino.spi.ErrorCode;
import io.trino.spi.ErrorCodeSupplier;
import io.trino.spi.ErrorType;

import static io.trino.spi.ErrorType.EXTERNAL;
import static io.trino.spi.ErrorType.INSUFFICIENT_RESOURCES;

/**
 * Why a query fails when no decision could be had. None of these is a denial.
 *
 * <p>FAIL-CLOSED: Trino skips the mask of a column whose select check was denied and asks again later, so a failure
 * that looked like a denial could show that column. These codes are never {@code PERMISSION_DENIED}.
 */
public enum MeshwardErrorCode
        implements ErrorCodeSupplier
{
    /** No server answered. */
    MESHWARD_UNREACHABLE(0, EXTERNAL),
    /** No answer came within {@code meshward.deadline}. */
    MESHWARD_TIMEOUT(1, EXTERNAL),
    /** An answer came that the contract does not allow. */
    MESHWARD_BROKEN_ANSWER(2, EXTERNAL),
    /** The revision that the query's first answer came from is no longer there. */
    MESHWARD_REVISION_GONE(3, EXTERNAL),
    /** The server refused the request or the plugin's credential. */
    MESHWARD_REQUEST_REFUSED(4, EXTERNAL),
    /** The answer needs a feature that this plugin does not know. */
    MESHWARD_PLUGIN_TOO_OLD(5, EXTERNAL),
    /** It is not known who started the query, or what it was told before. */
    MESHWARD_QUERY_NOT_KNOWN(6, EXTERNAL),
    /** Too many requests are under way ({@code meshward.max-concurrent-requests}). */
    MESHWARD_BUSY(7, INSUFFICIENT_RESOURCES),
    /** The plugin's own identity was asked for something that no answer of the query gave it. */
    MESHWARD_EXPRESSION_REACHES_TOO_FAR(8, EXTERNAL),
    /** The query was cancelled while it waited. */
    MESHWARD_INTERRUPTED(9, EXTERNAL);

    /** "MW"; Trino's own codes and those of its plugins are below 0x1000_0000. */
    private static final int FIRST_CODE = 0x4D57_0000;

    private final ErrorCode errorCode;

    MeshwardErrorCode(int code, ErrorType type)
    {
        errorCode = new ErrorCode(FIRST_CODE + code, name(), type);
    }

    @Override
    public ErrorCode toErrorCode()
    {
        return errorCode;
    }
}
