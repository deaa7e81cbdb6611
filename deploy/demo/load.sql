-- The demo's small finance mesh, made from the tpcds connector's data: the customers of some countries, what they paid in the
-- three business lines, and the campaigns of another domain. The administrator of the platform runs this.
CREATE SCHEMA IF NOT EXISTS lake.finance;
CREATE SCHEMA IF NOT EXISTS lake.marketing;

CREATE TABLE lake.finance.customers AS
SELECT
    c_customer_sk AS customer_id,
    CAST(trim(c_first_name) || ' ' || trim(c_last_name) AS varchar) AS name,
    CAST(trim(c_email_address) AS varchar) AS email,
    CAST(format('%04d-%02d-%02d', c_birth_year, c_birth_month, c_birth_day) AS date) AS birth_date,
    code AS country,
    format('%,d to %,d', ib_lower_bound, ib_upper_bound) AS salary_band
FROM tpcds.tiny.customer
JOIN (VALUES
    ('ARGENTINA', 'AR'), ('AUSTRIA', 'AT'), ('CANADA', 'CA'), ('CHILE', 'CL'), ('FRANCE', 'FR'), ('GERMANY', 'DE'), ('INDIA', 'IN'),
    ('ITALY', 'IT'), ('JAPAN', 'JP'), ('PERU', 'PE'), ('SPAIN', 'ES'), ('SWITZERLAND', 'CH'), ('UNITED KINGDOM', 'GB')
) AS countries (country, code) ON country = c_birth_country
JOIN tpcds.tiny.household_demographics ON hd_demo_sk = c_current_hdemo_sk
JOIN tpcds.tiny.income_band ON ib_income_band_sk = hd_income_band_sk
WHERE c_first_name IS NOT NULL AND c_last_name IS NOT NULL AND c_email_address IS NOT NULL
    AND c_birth_year IS NOT NULL AND c_birth_month IS NOT NULL AND c_birth_day IS NOT NULL;

CREATE TABLE lake.finance.transactions AS
SELECT
    row_number() OVER (ORDER BY booked_on, customer_id, business_line, amount) AS transaction_id,
    booked_on,
    country,
    business_line,
    customer_id,
    format('4%015d', customer_id * 123456789011) AS card_number,
    CAST(amount AS decimal(12, 2)) AS amount
FROM (
    SELECT 'RETAIL' AS business_line, ss_customer_sk AS customer_id, ss_sold_date_sk AS day, ss_net_paid AS amount FROM tpcds.tiny.store_sales
    UNION ALL
    SELECT 'DIRECT', cs_bill_customer_sk, cs_sold_date_sk, cs_net_paid FROM tpcds.tiny.catalog_sales
    UNION ALL
    SELECT 'ONLINE', ws_bill_customer_sk, ws_sold_date_sk, ws_net_paid FROM tpcds.tiny.web_sales
) AS sales
JOIN (SELECT d_date_sk, d_date AS booked_on FROM tpcds.tiny.date_dim) AS days ON d_date_sk = day
JOIN lake.finance.customers USING (customer_id)
WHERE amount > 0;

CREATE TABLE lake.marketing.campaigns AS
SELECT p_promo_sk AS campaign_id, CAST(trim(p_promo_name) AS varchar) AS name, p_cost AS cost
FROM tpcds.tiny.promotion
WHERE p_promo_name IS NOT NULL;
