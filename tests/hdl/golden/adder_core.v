// core of adder
module adder_core (
    input wire clk,
    input wire [5:0] from_encoder,
    output wire [2:0] result
);
    wire x0_b0 = from_encoder[0];
    wire x2_b0 = from_encoder[1];
    wire x0_b0_r1 = from_encoder[2];
    wire x1_b0_r1 = from_encoder[3];
    wire x2_b0_r1 = from_encoder[4];
    wire x3_b0_r1 = from_encoder[5];

    // stage 0
    wire l0_n5 = x0_b0 & x2_b0;

    // registers in front of stage 1
    reg
        l0_n5_r1;
    always @(posedge clk) begin
        l0_n5_r1 <= l0_n5;
    end

    // stage 1
    wire l0_n4 = x0_b0_r1 ^ x2_b0_r1;
    localparam [7:0] l1_n5_table = 8'he8;
    wire l1_n5 = l1_n5_table[{l0_n5_r1, x3_b0_r1, x1_b0_r1}];
    localparam [7:0] l1_n6_table = 8'h96;
    wire l1_n6 = l1_n6_table[{l0_n5_r1, x3_b0_r1, x1_b0_r1}];

    // registers in front of stage 2
    reg
        l0_n4_r2, l1_n5_r2, l1_n6_r2;
    always @(posedge clk) begin
        l0_n4_r2 <= l0_n4;
        l1_n5_r2 <= l1_n5;
        l1_n6_r2 <= l1_n6;
    end

    assign result = {
        l1_n6_r2, l1_n5_r2, l0_n4_r2
    };
endmodule
